//! `bench cost`: what each operation takes of DynamoDB, and what a checkout costs.
//!
//! Every operation is an invocation of its function in a shop of its own ([`operations`]), with a meter on the wire
//! ([`meter`]) that asks DynamoDB what it consumes and reckons the same from the sizes of the items ([`reckon`], by
//! the rules in [`units`] and the tables of [`schema`]). The two must agree. [`prices`] turns it into money.
//!
//! It needs the embedded DynamoDB: Amazon's DynamoDB Local answers wrong units for transactions.

mod meter;
mod operations;
mod prices;
mod reckon;
mod schema;
#[cfg(test)]
mod targets;
mod units;

use std::collections::BTreeMap;

use serde::Serialize;
use shared::error::Cause;

use meter::{Service, Units};
use operations::{Measured, measure};
use prices::{Dollars, Prices, Usage};

/// A shopper's way to an order, and what follows from it: operations and how often.
const WHOLE_SHOPPER: [(&str, f64); 9] = [
    ("browse", 1.0),
    ("get_product", 3.0),
    ("add_cart_item", 1.0),
    ("add_cart_item_second_line", 1.0),
    ("add_cart_item_third_line", 1.0),
    ("update_cart_item", 1.0),
    ("checkout_held_3_lines", 1.0),
    ("evaluate_rewards_rules_known", 1.0),
    ("send_order_mail", 1.0),
];

/// Those of them that no request asks for.
const BEHIND_THE_SCENES: [&str; 2] = ["evaluate_rewards_rules_known", "send_order_mail"];

/// How to print.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    prices: Prices,
    /// Names every item that was written.
    #[arg(long)]
    items: bool,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

/// What an operation takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
struct Cost {
    /// Calls of DynamoDB.
    calls: usize,
    read_units: f64,
    write_units: f64,
}

#[derive(Debug, Serialize)]
struct Report {
    operations: BTreeMap<&'static str, Cost>,
    dollars_per_million: BTreeMap<&'static str, Dollars>,
}

/// Measures and prints.
///
/// # Errors
/// DynamoDB consumes anything else than the sizes of the items come to.
pub(crate) fn run(options: &Options) -> Result<(), Cause> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let measured = runtime.block_on(measure());
    let report = Report {
        operations: measured.iter().map(|operation| (operation.name, cost(operation))).collect(),
        dollars_per_million: BTreeMap::from([
            ("checkout", options.prices.million(usage(&measured, "checkout_held_3_lines"))),
            ("whole_shopper", options.prices.million(whole_shopper(&measured))),
        ]),
    };
    print(&report, &measured, options)?;
    match disagreements(&measured).as_slice() {
        [] => Ok(()),
        disagreements => Err(disagreements.join("\n").into()),
    }
}

fn cost(operation: &Measured) -> Cost {
    let calls = operation.calls.iter().filter(|call| call.service == Service::DynamoDb);
    calls.fold(Cost::default(), |cost, call| Cost {
        calls: cost.calls + 1,
        read_units: cost.read_units + call.consumed.read,
        write_units: cost.write_units + call.consumed.write,
    })
}

fn usage(measured: &[Measured], name: &str) -> Usage {
    let operation = measured.iter().find(|operation| operation.name == name).expect("a measured operation");
    let Cost { read_units, write_units, .. } = cost(operation);
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let count = |service| operation.calls.iter().filter(|call| call.service == service).count() as f64;
    Usage {
        units: Units { read: read_units, write: write_units },
        invocations: 1.0,
        requests: if BEHIND_THE_SCENES.contains(&name) { 0.0 } else { 1.0 },
        // Whatever is sent is received and deleted. Batches of ten make it less.
        queue_requests: 3.0 * count(Service::Sqs),
        mails: count(Service::Ses),
    }
}

fn whole_shopper(measured: &[Measured]) -> Usage {
    let times = |usage: Usage, often: f64| Usage {
        units: Units { read: usage.units.read * often, write: usage.units.write * often },
        invocations: usage.invocations * often,
        requests: usage.requests * often,
        queue_requests: usage.queue_requests * often,
        mails: usage.mails * often,
    };
    WHOLE_SHOPPER.iter().map(|(name, often)| times(usage(measured, name), *often)).fold(Usage::default(), Usage::and)
}

/// Calls that consume anything else than the sizes of their items come to.
fn disagreements(measured: &[Measured]) -> Vec<String> {
    let mut found = Vec::new();
    for Measured { name, calls } in measured {
        for call in calls.iter().filter(|call| call.consumed != call.reckoned) {
            let (operation, consumed, reckoned) = (&call.operation, call.consumed, call.reckoned);
            found.push(format!("{name}: {operation} consumed {consumed:?}, reckoned {reckoned:?}: {:?}", call.written));
        }
    }
    found
}

#[expect(clippy::print_stdout, reason = "it is what the command is run to see")]
fn print(report: &Report, measured: &[Measured], options: &Options) -> Result<(), Cause> {
    if options.json {
        println!("{}", serde_json::to_string_pretty(report)?);
        return Ok(());
    }
    println!("{:<36}{:>8}{:>12}{:>12}", "operation", "calls", "read units", "write units");
    for operation in measured {
        let Cost { calls, read_units, write_units } = cost(operation);
        println!("{:<36}{calls:>8}{read_units:>12}{write_units:>12}", operation.name);
        if options.items {
            operation.calls.iter().flat_map(|call| &call.written).for_each(|written| println!("    {written}"));
        }
    }
    println!(
        "\ndollars for a million of{:>12}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}",
        "DynamoDB", "Lambda", "API", "SQS", "SES", "logs", "total"
    );
    for (name, Dollars { dynamodb, lambda, api_gateway, sqs, ses, logs, total }) in &report.dollars_per_million {
        println!(
            "{name:<24}{dynamodb:>12.2}{lambda:>9.2}{api_gateway:>9.2}{sqs:>9.2}{ses:>9.2}{logs:>9.2}{total:>9.2}"
        );
    }
    println!("\nthe prices are those of the options; their defaults are us-east-1's list prices (bench cost --help)");
    Ok(())
}
