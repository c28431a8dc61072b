//! The template's tables, in whichever DynamoDB it is.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters as _;
use aws_sdk_dynamodb::error::{BuildError, DisplayErrorContext};
use aws_sdk_dynamodb::types;
use aws_sdk_dynamodb::types::TableStatus;

use crate::template::{KeyElement, Table};

/// Why a table cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// One that makes no sense to the client already.
    #[error("a table of the template is incomplete: {0}")]
    Incomplete(#[from] BuildError),
    /// One that cannot be made.
    #[error("table {0} cannot be made: {1}")]
    Create(String, String),
}

/// Makes each table, unless it is there.
///
/// # Errors
/// [`TableError`].
pub async fn create_tables(client: &Client, tables: &[Table]) -> Result<(), TableError> {
    for table in tables {
        let failed = |problem: String| TableError::Create(table.table_name.clone(), problem);
        let status = match create_table(client, table)?.send().await {
            Ok(created) => created.table_description.and_then(|description| description.table_status),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_in_use_exception()) => {
                enable_stream(client, table).await.map_err(failed)?;
                continue;
            }
            Err(error) => return Err(failed(DisplayErrorContext(error).to_string())),
        };
        if status != Some(TableStatus::Active) {
            let patience = Duration::from_secs(60);
            let exists = client.wait_until_table_exists().table_name(&table.table_name).wait(patience).await;
            exists.map_err(|error| failed(DisplayErrorContext(error).to_string()))?;
        }
        if let Some(time_to_live) = &table.time_to_live_specification {
            let specification = types::TimeToLiveSpecification::builder()
                .attribute_name(&time_to_live.attribute_name)
                .enabled(time_to_live.enabled)
                .build()?;
            let update = client.update_time_to_live().table_name(&table.table_name);
            let updated = update.time_to_live_specification(specification).send().await;
            updated.map_err(|error| failed(DisplayErrorContext(error).to_string()))?;
        }
    }
    Ok(())
}

/// Gives a table that is there its stream, unless it has one: it may be older than the template.
async fn enable_stream(client: &Client, table: &Table) -> Result<(), String> {
    let Some(specification) = stream(table).map_err(|error| error.to_string())? else { return Ok(()) };
    let described = client.describe_table().table_name(&table.table_name).send().await;
    let described = described.map_err(|error| DisplayErrorContext(error).to_string())?;
    if described.table.is_some_and(|table| table.stream_specification.is_some_and(|stream| stream.stream_enabled)) {
        return Ok(());
    }
    let update = client.update_table().table_name(&table.table_name).stream_specification(specification);
    update.send().await.map_err(|error| DisplayErrorContext(error).to_string())?;
    Ok(())
}

fn stream(table: &Table) -> Result<Option<types::StreamSpecification>, BuildError> {
    let view = table.stream_specification.as_ref().map(|stream| stream.stream_view_type.as_str());
    let specification =
        |view: &str| types::StreamSpecification::builder().stream_enabled(true).stream_view_type(view.into()).build();
    view.map(specification).transpose()
}

type CreateTable = aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;

fn create_table(client: &Client, table: &Table) -> Result<CreateTable, BuildError> {
    let mut create = client
        .create_table()
        .table_name(&table.table_name)
        .billing_mode(types::BillingMode::PayPerRequest)
        .set_stream_specification(stream(table)?)
        .set_key_schema(Some(key_schema(&table.key_schema)?));
    for attribute in &table.attribute_definitions {
        let definition = types::AttributeDefinition::builder()
            .attribute_name(&attribute.attribute_name)
            .attribute_type(attribute.attribute_type.as_str().into());
        create = create.attribute_definitions(definition.build()?);
    }
    for index in &table.global_secondary_indexes {
        let named = Some(index.projection.non_key_attributes.clone()).filter(|names| !names.is_empty());
        let projection = types::Projection::builder()
            .projection_type(index.projection.projection_type.as_str().into())
            .set_non_key_attributes(named);
        let definition = types::GlobalSecondaryIndex::builder()
            .index_name(&index.index_name)
            .set_key_schema(Some(key_schema(&index.key_schema)?))
            .projection(projection.build());
        create = create.global_secondary_indexes(definition.build()?);
    }
    Ok(create)
}

fn key_schema(elements: &[KeyElement]) -> Result<Vec<types::KeySchemaElement>, BuildError> {
    let element = |element: &KeyElement| {
        let key_type = element.key_type.as_str().into();
        types::KeySchemaElement::builder().attribute_name(&element.attribute_name).key_type(key_type).build()
    };
    elements.iter().map(element).collect()
}
