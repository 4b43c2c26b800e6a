//! The table: whether it is what the template defines.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata as _};
use aws_sdk_dynamodb::types::{
    KeySchemaElement, KeyType, PointInTimeRecoveryStatus, ProjectionType, SseStatus,
    StreamViewType, TableDescription, TimeToLiveStatus,
};

use super::report::{Report, Status};
use crate::failure::Failure;
use crate::operator::Operator;

const OF_TABLE: [&str; 8] = [
    "table.keys",
    "table.index",
    "table.stream",
    "table.ttl",
    "table.recovery",
    "table.protection",
    "table.encryption",
    "table.policy",
];

/// What the emulation of the local stack has no word for.
const EMULATED: &str = "the local stack has none";

/// Checks it.
pub async fn check(operator: &Operator, report: &mut Report<'_>) -> Result<(), Failure> {
    let client = operator.environment.dynamodb();
    let name = &operator.environment.config.table_name;
    let local = operator.is_local();
    let described = client.describe_table().table_name(name).send().await;
    let table = described.map(|described| described.table);
    let table = match table {
        Ok(Some(table)) => table,
        Ok(None) => return report.skip(&OF_TABLE, "the table is not described"),
        Err(error) => {
            let region = &operator.environment.config.region;
            let why = match error.code() {
                Some("ResourceNotFoundException") => {
                    format!("there is no table {name} in {region}")
                }
                Some(code) => format!("{name} in {region}: {code}"),
                None => format!("{name} in {region}: {}", DisplayErrorContext(&error)),
            };
            report.say(Status::Fail, "table", why)?;
            return report.skip(&OF_TABLE, "there is no answer from the table");
        }
    };
    report.say(Status::Ok, "table", name)?;
    report.found("table.keys", keys(&table))?;
    report.found("table.index", index(&table))?;
    report.found("table.stream", stream(&table))?;
    match ttl(&client, name).await {
        Ok(found) => report.found("table.ttl", found)?,
        Err(code) => unsaid(report, "table.ttl", &code, local)?,
    }
    match recovery(&client, name).await {
        Ok(found) => report.found("table.recovery", found)?,
        Err(code) => unsaid(report, "table.recovery", &code, local)?,
    }
    let protected = table.deletion_protection_enabled;
    if local && protected != Some(true) {
        report.say(Status::Skip, "table.protection", EMULATED)?;
    } else {
        let on = protected == Some(true);
        let found = on.then(|| "on".to_owned());
        report.found(
            "table.protection",
            found.ok_or("off: anybody may delete the table".to_owned()),
        )?;
    }
    encryption(&table, local, report)?;
    match policy(&client, table.table_arn()).await {
        Ok(found) => report.found("table.policy", found),
        Err(code) => unsaid(report, "table.policy", &code, local),
    }
}

/// The table's own policy, which keeps the row of public keys to rotation and operators. A restored table
/// has none.
async fn policy(client: &Client, arn: Option<&str>) -> Result<Result<String, String>, String> {
    let asked = client
        .get_resource_policy()
        .set_resource_arn(arn.map(str::to_owned));
    let none = Err("there is none, so that only IAM keeps KEYS to rotation".to_owned());
    match asked.send().await {
        Ok(answer)
            if answer
                .policy()
                .is_some_and(|text| text.contains("\"KEYS\"")) =>
        {
            Ok(Ok("KEYS is written by rotation and operators".to_owned()))
        }
        Ok(_) => Ok(none),
        Err(error) => match error.code() {
            Some("PolicyNotFoundException") => Ok(none),
            code => Err(code.unwrap_or("no answer").to_owned()),
        },
    }
}

fn keys(table: &TableDescription) -> Result<String, String> {
    is_keyed(table.key_schema(), "pk", "sk")
}

fn is_keyed(schema: &[KeySchemaElement], hash: &str, range: &str) -> Result<String, String> {
    let of = |kind: &KeyType| {
        let mut found = schema.iter().filter(|key| key.key_type() == kind);
        found
            .next()
            .map_or("nothing", KeySchemaElement::attribute_name)
    };
    let found = (of(&KeyType::Hash), of(&KeyType::Range));
    let text = format!("{} and {}", found.0, found.1);
    if found == (hash, range) {
        return Ok(text);
    }
    Err(format!("{text} in place of {hash} and {range}"))
}

fn index(table: &TableDescription) -> Result<String, String> {
    let mut indexes = table.global_secondary_indexes().iter();
    let index = indexes.find(|index| index.index_name() == Some("by_tenant"));
    let index = index.ok_or("there is no index by_tenant")?;
    is_keyed(index.key_schema(), "tenant_pk", "tenant_sk")?;
    let projection = index.projection().and_then(|it| it.projection_type());
    if projection != Some(&ProjectionType::KeysOnly) {
        return Err("by_tenant holds more than keys".to_owned());
    }
    Ok("by_tenant, keys only".to_owned())
}

fn stream(table: &TableDescription) -> Result<String, String> {
    let stream = table.stream_specification();
    let enabled = stream.filter(|stream| stream.stream_enabled());
    match enabled.and_then(|stream| stream.stream_view_type()) {
        Some(StreamViewType::NewAndOldImages) => Ok("new and old images".to_owned()),
        Some(other) => Err(format!(
            "{other} in place of new and old images: nothing is audited"
        )),
        None => Err("off: nothing is audited".to_owned()),
    }
}

async fn ttl(client: &Client, name: &str) -> Result<Result<String, String>, String> {
    let described = client.describe_time_to_live().table_name(name).send().await;
    let described = described.map_err(|error| error.code().unwrap_or("no answer").to_owned())?;
    let ttl = described.time_to_live_description;
    let enabled = ttl.filter(|ttl| ttl.time_to_live_status == Some(TimeToLiveStatus::Enabled));
    let attribute = enabled.and_then(|ttl| ttl.attribute_name);
    Ok(match attribute.as_deref() {
        Some("expires_at") => Ok("by expires_at".to_owned()),
        Some(other) => Err(format!("by {other} in place of expires_at")),
        None => Err("off: rows that have expired stay and are paid for".to_owned()),
    })
}

async fn recovery(client: &Client, name: &str) -> Result<Result<String, String>, String> {
    let described = client
        .describe_continuous_backups()
        .table_name(name)
        .send()
        .await;
    let described = described.map_err(|error| error.code().unwrap_or("no answer").to_owned())?;
    let backups = described.continuous_backups_description;
    let point_in_time = backups.and_then(|backups| backups.point_in_time_recovery_description);
    let status = point_in_time.and_then(|recovery| recovery.point_in_time_recovery_status);
    Ok(match status {
        Some(PointInTimeRecoveryStatus::Enabled) => Ok("to any second".to_owned()),
        _ => Err("off: what is lost cannot be brought back".to_owned()),
    })
}

fn encryption(
    table: &TableDescription,
    local: bool,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let check = "table.encryption";
    let Some(sse) = table.sse_description() else {
        if local {
            return report.say(Status::Skip, check, EMULATED);
        }
        let what = "by a key that DynamoDB owns, whose use no log shows";
        return report.say(Status::Fail, check, what);
    };
    let key = sse.kms_master_key_arn().unwrap_or("the AWS managed key");
    match sse.status() {
        Some(SseStatus::Enabled | SseStatus::Updating) => {
            report.say(Status::Ok, check, format!("by {key}"))
        }
        status => {
            let status = status.map_or("unknown", SseStatus::as_str);
            report.say(Status::Fail, check, format!("{status}, by {key}"))
        }
    }
}

/// That nothing is said of something: by the emulation, or to these credentials.
fn unsaid(
    report: &mut Report<'_>,
    check: &'static str,
    code: &str,
    local: bool,
) -> Result<(), Failure> {
    if local {
        return report.say(Status::Skip, check, EMULATED);
    }
    report.say(Status::Fail, check, code)
}
