//! DynamoDB: dynoxide on a port, with the one table as `template.yaml` defines it.

use dynoxide::Database;
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::describe_table::DescribeTableRequest;
use dynoxide::actions::update_time_to_live::UpdateTimeToLiveRequest;
use dynoxide::server::serve_with_shutdown;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::serving::Serving;
use crate::template::Template;
use crate::{DataDir, StackError};

/// The table's name here; a deployed one has whatever name CloudFormation gives it.
pub const TABLE_NAME: &str = "gatehouse";

/// What makes two tables the same.
const SHAPE: [&str; 4] = [
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "StreamSpecification",
];

/// Opens the database of a folder, or one in memory, and serves it; the stream is read from the
/// database itself.
pub(crate) async fn start(
    template: &Template,
    data_dir: Option<&DataDir>,
    port: u16,
) -> Result<(Serving, Database), StackError> {
    let database = open(template, data_dir)?;
    let served = database.clone();
    let serving = Serving::start("DYNAMODB_PORT", port, |listener, ended| async move {
        let ended = async {
            let _ = ended.await;
        };
        if let Err(error) = serve_with_shutdown(listener, served, ended).await {
            eprintln!("DynamoDB ended: {error}");
        }
    })
    .await?;
    Ok((serving, database))
}

fn open(template: &Template, data_dir: Option<&DataDir>) -> Result<Database, StackError> {
    let properties = template.table()?;
    let memory = Database::memory().map_err(failed)?;
    create(&memory, &properties)?;
    let Some(data_dir) = data_dir else {
        return Ok(memory);
    };
    let path = data_dir.file("dynamodb.sqlite");
    let database = Database::new(&path.to_string_lossy())
        .map_err(|error| StackError(format!("cannot open {}: {error}", path.display())))?;
    match shape(&database) {
        Some(kept) if Some(&kept) == shape(&memory).as_ref() => {}
        Some(_) => {
            return Err(StackError(format!(
                "{} holds a table of another shape than template.yaml's: remove it",
                path.display()
            )));
        }
        None => create(&database, &properties)?,
    }
    // Deletions by TTL come only when asked for, and nobody may rely on them.
    database.sweep_ttl().map_err(failed)?;
    Ok(database)
}

fn create(database: &Database, properties: &Value) -> Result<(), StackError> {
    let mut table = json!({
        "TableName": TABLE_NAME,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": properties["AttributeDefinitions"],
        "KeySchema": properties["KeySchema"],
        "GlobalSecondaryIndexes": properties["GlobalSecondaryIndexes"],
        "StreamSpecification": properties["StreamSpecification"],
    });
    // CloudFormation turns the stream on by naming its view.
    table["StreamSpecification"]["StreamEnabled"] = true.into();
    database
        .create_table(request::<CreateTableRequest>(table)?)
        .map_err(failed)?;
    let time_to_live = json!({
        "TableName": TABLE_NAME,
        "TimeToLiveSpecification": properties["TimeToLiveSpecification"],
    });
    let time_to_live = request::<UpdateTimeToLiveRequest>(time_to_live)?;
    database.update_time_to_live(time_to_live).map_err(failed)?;
    Ok(())
}

/// The table's shape; `None` where there is no table yet.
fn shape(database: &Database) -> Option<Value> {
    let request = DescribeTableRequest {
        table_name: TABLE_NAME.to_owned(),
    };
    let table = serde_json::to_value(database.describe_table(request).ok()?.table).ok()?;
    let mut shape = json!({});
    for member in SHAPE {
        shape[member] = table[member].clone();
    }
    // Counts of items and bytes are no shape.
    for index in shape["GlobalSecondaryIndexes"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        *index = json!([index["IndexName"], index["KeySchema"], index["Projection"]]);
    }
    Some(shape)
}

fn request<R: DeserializeOwned>(value: Value) -> Result<R, StackError> {
    serde_json::from_value(value)
        .map_err(|error| StackError(format!("template.yaml, Table: {error}")))
}

fn failed(error: impl std::fmt::Display) -> StackError {
    StackError(format!("DynamoDB: {error}"))
}
