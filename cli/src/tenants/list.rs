//! All tenants. No function may read the whole table; the operator may.

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::store::key::Key;
use shared::store::tenant::record::Record;

use super::shown::TenantBody;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;

/// Prints them, in the order of their ids.
pub async fn list(operator: &Operator, output: &Output) -> Result<(), Failure> {
    let mut tenants = scan(operator).await?;
    tenants.sort_by(|one, other| one.tenant.id.cmp(&other.tenant.id));
    let tenants: Vec<_> = tenants.iter().map(TenantBody::new).collect();
    output.list(
        "tenants",
        &tenants,
        ["ID", "NAME", "STATUS", "CREATED"],
        TenantBody::row,
    )
}

async fn scan(operator: &Operator) -> Result<Vec<Record>, Failure> {
    let prefix = Key::tenant(&"".into()).partition().to_owned();
    let client = operator.environment.dynamodb();
    let mut tenants = Vec::new();
    let mut after = None;
    loop {
        let page = client
            .scan()
            .table_name(&operator.environment.config.table_name)
            .filter_expression("begins_with(pk, :tenant)")
            .expression_attribute_values(":tenant", AttributeValue::S(prefix.clone()))
            .set_exclusive_start_key(after)
            .send()
            .await;
        let page = page.map_err(|error| {
            let code = error.code().unwrap_or("no answer").to_owned();
            Failure::new(format!("the table cannot be read: {code}"))
        })?;
        for row in page.items.into_iter().flatten() {
            tenants.push(Record::of(row)?);
        }
        after = page.last_evaluated_key;
        if after.is_none() {
            return Ok(tenants);
        }
    }
}
