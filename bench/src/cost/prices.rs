//! What the calls come to in money. Prices are inputs; their defaults are the on-demand list prices of us-east-1,
//! in US dollars, as AWS's price pages had them in November 2025, without free tiers.

use serde::Serialize;

use super::meter::Units;
use crate::stats::rounded;

/// Prices and what a request takes. A million of anything is 1,000,000.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Prices {
    /// DynamoDB: a million read request units.
    #[arg(long, default_value_t = 0.125, value_name = "DOLLARS")]
    read_units: f64,
    /// DynamoDB: a million write request units.
    #[arg(long, default_value_t = 0.625, value_name = "DOLLARS")]
    write_units: f64,
    /// Lambda: a million invocations.
    #[arg(long, default_value_t = 0.20, value_name = "DOLLARS")]
    invocations: f64,
    /// Lambda: a GB-second, on x86_64.
    #[arg(long, default_value_t = 0.000_016_666_7, value_name = "DOLLARS")]
    gb_second: f64,
    /// API Gateway, HTTP API: a million requests.
    #[arg(long, default_value_t = 1.00, value_name = "DOLLARS")]
    requests: f64,
    /// SQS, standard queue: a million requests.
    #[arg(long, default_value_t = 0.40, value_name = "DOLLARS")]
    queue_requests: f64,
    /// SES: a thousand mails.
    #[arg(long, default_value_t = 0.10, value_name = "DOLLARS")]
    mails: f64,
    /// CloudWatch Logs: a GB taken in.
    #[arg(long, default_value_t = 0.50, value_name = "DOLLARS")]
    log_gb: f64,
    /// The memory of a function, as template.yaml has it.
    #[arg(long, default_value_t = 256.0, value_name = "MB")]
    memory: f64,
    /// How long an invocation is billed for. Assumed: most of it is waiting for DynamoDB.
    #[arg(long, default_value_t = 20.0, value_name = "MS")]
    billed: f64,
    /// What an invocation logs, Lambda's own lines included. Assumed.
    #[arg(long, default_value_t = 700.0, value_name = "BYTES")]
    log_bytes: f64,
}

/// How much of everything something takes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) units: Units,
    pub(crate) invocations: f64,
    pub(crate) requests: f64,
    pub(crate) queue_requests: f64,
    pub(crate) mails: f64,
}

/// Dollars for a million.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Dollars {
    pub(crate) dynamodb: f64,
    pub(crate) lambda: f64,
    pub(crate) api_gateway: f64,
    pub(crate) sqs: f64,
    pub(crate) ses: f64,
    pub(crate) logs: f64,
    pub(crate) total: f64,
}

impl Usage {
    /// Both.
    pub(crate) fn and(self, other: Usage) -> Usage {
        Usage {
            units: Units { read: self.units.read + other.units.read, write: self.units.write + other.units.write },
            invocations: self.invocations + other.invocations,
            requests: self.requests + other.requests,
            queue_requests: self.queue_requests + other.queue_requests,
            mails: self.mails + other.mails,
        }
    }
}

impl Prices {
    /// What a million of `usage` cost.
    pub(crate) fn million(&self, usage: Usage) -> Dollars {
        const BYTES_PER_GB: f64 = 1_000_000_000.0;
        let gb_seconds = self.memory / 1_024.0 * self.billed / 1_000.0;
        let dynamodb = usage.units.read * self.read_units + usage.units.write * self.write_units;
        let lambda = usage.invocations * (self.invocations + gb_seconds * self.gb_second * 1e6);
        let (api_gateway, sqs) = (usage.requests * self.requests, usage.queue_requests * self.queue_requests);
        let (ses, logs) =
            (usage.mails * self.mails * 1e3, usage.invocations * self.log_bytes * 1e6 / BYTES_PER_GB * self.log_gb);
        let total = dynamodb + lambda + api_gateway + sqs + ses + logs;
        Dollars {
            dynamodb: rounded(dynamodb),
            lambda: rounded(lambda),
            api_gateway: rounded(api_gateway),
            sqs: rounded(sqs),
            ses: rounded(ses),
            logs: rounded(logs),
            total: rounded(total),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        prices: Prices,
    }

    #[test]
    fn a_million_is_the_sum_of_its_parts() {
        let prices = Cli::parse_from(["bench", "--billed", "100", "--memory", "1024", "--log-bytes", "1000"]).prices;
        let units = Units { read: 4.0, write: 16.0 };
        let usage = Usage { units, invocations: 2.0, requests: 1.0, queue_requests: 3.0, mails: 1.0 };
        let dollars = prices.million(usage);
        let expected = Dollars {
            dynamodb: 10.5,
            // 0.1 GB-seconds each.
            lambda: rounded(2.0 * (0.20 + 1.666_67)),
            api_gateway: 1.0,
            sqs: 1.2,
            ses: 100.0,
            logs: 1.0,
            total: rounded(10.5 + 2.0 * (0.20 + 1.666_67) + 1.0 + 1.2 + 100.0 + 1.0),
        };
        assert_eq!(dollars, expected);
        assert_eq!(prices.million(usage.and(usage)).dynamodb, 21.0);
    }
}
