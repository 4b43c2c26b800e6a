//! Lists of a tenant's users and clients: the index `by_tenant`, which holds keys and nothing else.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use serde::Serialize;

use super::key::Key;
use super::{Item, Store, StoreError, unavailable};
use crate::id::TenantId;

const INDEX: &str = "by_tenant";

/// What a tenant has lists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Users.
    Users,
    /// Clients.
    Clients,
}

impl Listed {
    fn prefix(self) -> &'static str {
        match self {
            Self::Users => "USER#",
            Self::Clients => "CLIENT#",
        }
    }
}

/// A row with its place in the index.
#[derive(Serialize)]
pub struct Indexed<'a, T> {
    #[serde(flatten)]
    row: &'a T,
    tenant_pk: String,
    tenant_sk: String,
}

impl<'a, T: Serialize> Indexed<'a, T> {
    /// `row`, whose key is `key`, among what `tenant` has.
    #[must_use]
    pub fn new(row: &'a T, tenant: &TenantId, key: &Key) -> Self {
        Self {
            row,
            tenant_pk: Key::tenant(tenant).partition().to_owned(),
            tenant_sk: key.partition().to_owned(),
        }
    }
}

impl Store {
    /// The ids of at most `limit` of a tenant's users or clients, in the order of their ids, after the
    /// id `after`; and whether there are more. The index follows the table within moments.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer.
    pub async fn list(
        &self,
        tenant: &TenantId,
        listed: Listed,
        limit: usize,
        after: Option<&str>,
    ) -> Result<(Vec<String>, bool), StoreError> {
        let prefix = listed.prefix();
        let tenant = Key::tenant(tenant).partition().to_owned();
        let text = |text: String| AttributeValue::S(text);
        let start = after.map(|id| {
            let row = format!("{prefix}{id}");
            let values = [
                ("pk", row.clone()),
                ("sk", "PROFILE".to_owned()),
                ("tenant_pk", tenant.clone()),
                ("tenant_sk", row),
            ];
            values
                .map(|(name, value)| (name.to_owned(), text(value)))
                .into_iter()
                .collect::<Item>()
        });
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .key_condition_expression("tenant_pk = :tenant AND begins_with(tenant_sk, :prefix)")
            .expression_attribute_values(":tenant", text(tenant))
            .expression_attribute_values(":prefix", text(prefix.to_owned()))
            .set_exclusive_start_key(start)
            // One more shows that there are more.
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| unavailable(&error))?;
        let rows = answer.items.unwrap_or_default();
        let more = rows.len() > limit;
        let ids = rows.iter().take(limit).map(|row| {
            let id = row.get("tenant_sk").and_then(|key| key.as_s().ok());
            let id = id.and_then(|key| key.strip_prefix(prefix));
            id.map(str::to_owned)
                .ok_or(StoreError::Malformed("index by_tenant"))
        });
        Ok((ids.collect::<Result<_, _>>()?, more))
    }
    /// The ids of all tenants, in their order, for the operator: it reads the whole table, since there is no
    /// index of them.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let (mut tenants, mut start) = (Vec::new(), None);
        let prefix = Key::tenant(&TenantId::from("")).partition().to_owned();
        loop {
            let answer = self
                .client
                .scan()
                .table_name(&self.table)
                .filter_expression("begins_with(pk, :prefix)")
                .expression_attribute_values(":prefix", AttributeValue::S(prefix.clone()))
                .projection_expression("pk")
                .set_exclusive_start_key(start)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(|error| unavailable(&error))?;
            for row in answer.items.unwrap_or_default() {
                let id = row.get("pk").and_then(|key| key.as_s().ok());
                let id = id.and_then(|key| key.strip_prefix(&prefix));
                tenants.push(TenantId::from(id.ok_or(StoreError::Malformed("tenant"))?));
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                tenants.sort_unstable();
                return Ok(tenants);
            }
        }
    }
}
