//! A deployment in a test's hands: table and secrets in memory, the documents' users, a clock that
//! stands until the test moves it, a wire that it may break, and as many instances as it wants.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use local::Stores;
use local::stream::Reader;
use serde_json::Value;
use shared::app::App;
use shared::aws::Environment;
use shared::clock::{Clock, Timestamp};
use shared::config::Config;
use shared::store::key::Key;
use shared::store::write::{Change, Written};
use shared::store::{Item, Store};

use crate::wire::Wire;

/// When every world begins, on a whole minute: `2025-03-01T05:29:00.000Z`.
pub const START: Timestamp = Timestamp::from_seconds(1_740_806_940);

/// An address that is nobody else's.
pub const ADDRESS: &str = "203.0.113.7";

/// A deployment.
#[derive(Debug)]
pub struct World {
    /// The clock of every instance.
    pub clock: Clock,
    /// The wire of every instance.
    pub wire: Wire,
    /// What the test itself sees the table through, past the wire.
    pub store: Store,
    environment: Environment,
    table: Client,
    stores: Stores,
}

impl World {
    /// A deployment with the demonstration data.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A deployment with these settings; the demonstration data are made by them too. Its general limits
    /// are so high that only those meet them who set them.
    pub async fn with(set: impl FnOnce(&mut Config)) -> Self {
        let stores = Stores::in_memory().await.expect("stores in memory");
        let clock = Clock::moved(START);
        let mut environment = stores.environment(clock.clone()).expect("settings");
        environment.config.address_rate_limit = 1_000_000;
        environment.config.tenant_rate_limit = 1_000_000;
        set(&mut environment.config);
        local::demonstration::load(&environment)
            .await
            .expect("demonstration data");
        // A test breaks more calls than an instance ever repeats.
        let store = Store::new(&environment);
        let table = environment.dynamodb();
        let wire = Wire::new(environment.http.clone(), clock.clone());
        environment.http =
            aws_smithy_runtime_api::client::http::SharedHttpClient::new(wire.clone());
        Self {
            clock,
            wire,
            store,
            environment,
            table,
            stores,
        }
    }

    /// A new instance of a function, its caches warm.
    pub async fn instance<A: App>(&self) -> &'static A {
        self.instance_with(|_| {}).await
    }

    /// A new instance of a function with other settings, its caches warm.
    pub async fn instance_with<A: App>(&self, set: impl FnOnce(&mut Config)) -> &'static A {
        let app: &A = self.cold_instance_with(set);
        Box::pin(app.warm(self.clock.now())).await;
        self.wire.take();
        app
    }

    /// A new instance that has not asked for anything yet.
    pub fn cold_instance<A: App>(&self) -> &'static A {
        self.cold_instance_with(|_| {})
    }

    /// A new instance with other settings that has not asked for anything yet.
    pub fn cold_instance_with<A: App>(&self, set: impl FnOnce(&mut Config)) -> &'static A {
        let mut environment = self.environment.clone();
        set(&mut environment.config);
        Box::leak(Box::new(A::new(&environment)))
    }

    /// A new instance, its caches warm, whose clock is ahead of the others' and stands for good.
    pub async fn instance_ahead<A: App>(&self, ahead: Duration) -> &'static A {
        let mut environment = self.environment.clone();
        environment.clock = Clock::moved(self.clock.now());
        environment.clock.advance(ahead);
        let app: &A = Box::leak(Box::new(A::new(&environment)));
        Box::pin(app.warm(environment.clock.now())).await;
        app
    }

    /// Moves the clock on.
    pub fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Moves the clock on by milliseconds.
    pub fn wait_ms(&self, milliseconds: u64) {
        self.clock.advance(Duration::from_millis(milliseconds));
    }

    /// The row with this key.
    pub async fn row(&self, key: &Key) -> Option<Item> {
        let [row] = self.store.read([key]).await.expect("the table answers");
        row
    }

    /// Changes a row behind everybody's back.
    pub async fn change(&self, change: Change) {
        let written = self.store.write(&change).await.expect("the table answers");
        assert!(matches!(written, Written::Done(_)), "{written:?}");
    }

    /// What its instances are built from.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The row with this key as JSON, its key included; null where there is none.
    pub async fn json(&self, key: &Key) -> Value {
        let row = self.row(key).await;
        row.map_or(Value::Null, |row| {
            serde_dynamo::from_item(row).expect("a row is JSON")
        })
    }

    /// Puts this row behind everybody's back, or removes it where it is null.
    pub async fn put_json(&self, key: &Key, row: &Value) {
        if !row.is_null() {
            let row = Change::put(key.clone(), row).expect("a row");
            return self.change(row).await;
        }
        let table = &self.environment.config.table_name;
        let delete = self.environment.dynamodb().delete_item();
        let delete = delete.table_name(table).set_key(Some(key.item()));
        delete.send().await.expect("the table answers");
        self.wire.take();
    }

    /// Alters a row behind everybody's back; gives it as it was.
    pub async fn alter(&self, key: &Key, change: impl FnOnce(&mut Value)) -> Value {
        let before = self.json(key).await;
        let mut after = before.clone();
        change(&mut after);
        self.put_json(key, &after).await;
        before
    }

    /// A new instance whose clock is not the others'.
    pub async fn instance_by<A: App>(&self, clock: Clock) -> &'static A {
        let mut environment = self.environment.clone();
        environment.clock = clock;
        let app: &A = Box::leak(Box::new(A::new(&environment)));
        app.warm(app.base().clock.now()).await;
        self.wire.take();
        app
    }

    /// A reader of the table's stream, from its oldest record on.
    pub fn stream(&self) -> Reader {
        self.stores.stream(None).expect("a stream")
    }

    /// All rows of the table, by partition and sort key.
    pub async fn rows(&self) -> Rows {
        let scan = self.table.scan().table_name(local::TABLE_NAME);
        let rows = scan.send().await.expect("the table answers");
        assert!(rows.last_evaluated_key.is_none(), "more than a page");
        let key = |row: &Item, name: &str| row[name].as_s().expect("a key").clone();
        let rows = rows.items.into_iter().flatten();
        rows.map(|row| ((key(&row, "pk"), key(&row, "sk")), row))
            .collect()
    }

    /// Makes the table what it was.
    pub async fn restore(&self, rows: &Rows) {
        let now = self.rows().await;
        for (_, row) in rows.iter().filter(|(key, row)| now.get(*key) != Some(row)) {
            self.put(row.clone()).await;
        }
        for (pk, sk) in now.into_keys().filter(|key| !rows.contains_key(key)) {
            let delete = self.table.delete_item().table_name(local::TABLE_NAME);
            let delete = delete
                .key("pk", AttributeValue::S(pk))
                .key("sk", AttributeValue::S(sk));
            delete.send().await.expect("the table answers");
        }
    }

    /// Puts a row as it is, however wrong.
    pub async fn put(&self, row: Item) {
        let put = self.table.put_item().table_name(local::TABLE_NAME);
        let put = put.set_item(Some(row)).send().await;
        put.expect("the table answers");
    }
}

/// Rows by partition and sort key.
pub type Rows = BTreeMap<(String, String), Item>;
