//! Sending: what fails in passing is sent again, until it succeeds or time is up.
//!
//! DynamoDB says no in three ways that must not be confused. A condition that does not hold means that
//! what was read is no longer so: read and decide again. A conflict or a throttle means that the
//! request came at the wrong moment: send the same again. Anything else is a fault.

use std::future::Future;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use backon::Retryable as _;

use super::Store;
use super::operations::Charged;
use crate::error::{Cause, Error};
use crate::metrics::{Metric, count};
use crate::retry::{FullJitter, Remedy, Setback};

/// Why a call did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// A condition does not hold: what was read is no longer so.
    Stale,
    /// Another transaction held one of the items.
    Contended,
    /// The service was short of capacity, out of reach, or too slow to answer.
    Unavailable(Cause),
    /// The request will not succeed however often it is sent.
    Final(Error),
}

impl Failure {
    /// What kind of setback it is; none if it is for good.
    fn setback(&self) -> Option<Setback> {
        match self {
            Failure::Stale => Some(Setback::Stale),
            Failure::Contended => Some(Setback::Contended),
            Failure::Unavailable(_) => Some(Setback::Unavailable),
            Failure::Final(_) => None,
        }
    }

    /// The same where others are after the last units, too.
    fn over_last_units(self) -> Failure {
        match self.setback().map(Setback::over_last_units) {
            Some(Setback::Stale) => Failure::Stale,
            _ => self,
        }
    }

    /// Whether that is what to do about it.
    fn calls_for(&self, remedy: Remedy) -> bool {
        self.setback().is_some_and(|setback| setback.remedy() == remedy)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Final(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        match failure {
            Failure::Stale | Failure::Contended => Error::Conflict,
            Failure::Unavailable(cause) => Error::Unavailable(cause),
            Failure::Final(error) => error,
        }
    }
}

impl Store {
    /// Sends a request, and again while it fails in passing. Each attempt is the same, its client token included.
    /// What it costs is counted.
    pub(super) async fn call<O: Charged>(&self, input: O::Input) -> Result<O::Output, Failure>
    where
        O::Error: ServiceFailure,
    {
        self.call_for::<O>(input, false).await
    }

    /// The same for units that others may be after, too, as they are the last ones: a conflict at the first attempt
    /// counts as stale. One at a later attempt may be with the first, whose answer was lost; only the same request can
    /// tell, so it is sent again.
    pub(super) async fn call_for<O: Charged>(&self, mut input: O::Input, last_units: bool) -> Result<O::Output, Failure>
    where
        O::Error: ServiceFailure,
    {
        O::ask(&mut input);
        let request = self.dynamodb.request::<O>(input).map_err(Error::internal)?;
        let (deadline, mut is_yielding) = (self.deadline(), last_units);
        let attempt = || {
            let (request, yields) = (&request, std::mem::take(&mut is_yielding));
            async move {
                match tokio::time::timeout_at(deadline.into(), self.dynamodb.send(request)).await {
                    Ok(answer) => answer.map_err(|error| {
                        let failure = classify(error);
                        if yields { failure.over_last_units() } else { failure }
                    }),
                    Err(elapsed) => Err(Failure::Unavailable(elapsed.into())),
                }
            }
        };
        let answer = attempt
            .retry(pauses_until(deadline, FullJitter::default()))
            .when(|failure: &Failure| failure.calls_for(Remedy::SendAgain))
            .notify(|failure, pause| {
                count(if matches!(failure, Failure::Contended) { Metric::Conflicts } else { Metric::Retries }, 1);
                tracing::debug!(?failure, ?pause, "the call is repeated");
            })
            .await?;
        O::note(&answer);
        Ok(answer)
    }

    /// Reads, decides and writes, and again while what was read turns out to be stale. The attempt is
    /// told how many came before it.
    pub(super) async fn decide<T, F>(&self, attempt: impl Fn(u32) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut pauses = pauses_until(self.deadline(), FullJitter::default());
        for attempts in 0.. {
            match attempt(attempts).await {
                Err(failure) if failure.calls_for(Remedy::DecideAgain) => {
                    count(Metric::Conflicts, 1);
                    match pauses.next() {
                        Some(pause) => tokio::time::sleep(pause).await,
                        None => break,
                    }
                }
                done => return Ok(done?),
            }
        }
        Err(Error::Conflict)
    }
}

/// The pauses between attempts until `deadline`.
pub(super) fn pauses_until(
    deadline: Instant,
    mut jitter: FullJitter,
) -> impl Iterator<Item = Duration> + Send + Sync + Unpin {
    std::iter::from_fn(move || jitter.pause(deadline.saturating_duration_since(Instant::now()), fastrand::f64()))
}

/// An operation's own errors, as far as the store tells them apart.
pub(super) trait ServiceFailure: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static {
    /// Why each write of a transaction was refused; empty for any other failure.
    fn cancellation_codes(&self) -> Vec<&str> {
        Vec::new()
    }
}

macro_rules! plain_operations {
    ($($error:path),* $(,)?) => {$(impl ServiceFailure for $error {})*};
}

plain_operations! {
    aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemError,
    aws_sdk_dynamodb::operation::get_item::GetItemError,
    aws_sdk_dynamodb::operation::put_item::PutItemError,
    aws_sdk_dynamodb::operation::query::QueryError,
    aws_sdk_dynamodb::operation::scan::ScanError,
    aws_sdk_dynamodb::operation::update_item::UpdateItemError,
}

macro_rules! transactions {
    ($($error:ident),* $(,)?) => {$(impl ServiceFailure for $error {
        fn cancellation_codes(&self) -> Vec<&str> {
            match self {
                $error::TransactionCanceledException(cancelled) => {
                    cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect()
                }
                _ => Vec::new(),
            }
        }
    })*};
}

transactions!(TransactGetItemsError, TransactWriteItemsError);

fn classify<E: ServiceFailure>(error: SdkError<E>) -> Failure {
    let Some(service) = error.as_service_error() else {
        return match error {
            SdkError::ConstructionFailure(_) => Failure::Final(Error::internal(error)),
            _ => Failure::Unavailable(error.into()),
        };
    };
    let server_fault = error.raw_response().is_some_and(|response| response.status().is_server_error());
    let code = service.code().unwrap_or_default();
    let reasons = service.cancellation_codes();
    if code == "ConditionalCheckFailedException" || reasons.contains(&"ConditionalCheckFailed") {
        Failure::Stale
    } else if CONTENDED.contains(&code) || reasons.contains(&"TransactionConflict") {
        Failure::Contended
    } else if server_fault || SHORT_OF_CAPACITY.contains(&code) || reasons.iter().any(|r| SHORT_OF_CAPACITY.contains(r))
    {
        Failure::Unavailable(error.into())
    } else {
        Failure::Final(Error::internal(error))
    }
}

const CONTENDED: [&str; 2] = ["TransactionConflictException", "TransactionInProgressException"];

/// Error codes, and cancellation codes of a transaction.
const SHORT_OF_CAPACITY: [&str; 6] = [
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingError",
    "ThrottlingException",
    "InternalServerError",
];

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::http::HttpResponse;
    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
    use aws_sdk_dynamodb::types::CancellationReason;
    use aws_sdk_dynamodb::types::error::TransactionCanceledException;

    use super::*;

    fn answered<E: ServiceFailure>(status: u16, error: E) -> Failure {
        let status = status.try_into().unwrap();
        classify(SdkError::service_error(error, HttpResponse::new(status, "".into())))
    }

    fn cancelled(codes: &[&str]) -> Failure {
        let reason = |code: &&str| CancellationReason::builder().code(*code).build();
        let exception = TransactionCanceledException::builder()
            .set_cancellation_reasons(Some(codes.iter().map(reason).collect()))
            .meta(ErrorMetadata::builder().code("TransactionCanceledException").build())
            .build();
        answered(400, TransactWriteItemsError::TransactionCanceledException(exception))
    }

    fn coded(status: u16, code: &str) -> Failure {
        answered(status, UpdateItemError::generic(ErrorMetadata::builder().code(code).build()))
    }

    #[test]
    fn a_condition_that_failed_is_told_from_a_conflict_and_from_a_throttle() {
        assert!(matches!(cancelled(&["None", "ConditionalCheckFailed"]), Failure::Stale));
        assert!(matches!(cancelled(&["TransactionConflict", "ConditionalCheckFailed"]), Failure::Stale));
        assert!(matches!(cancelled(&["None", "TransactionConflict"]), Failure::Contended));
        assert!(matches!(cancelled(&["ThrottlingError", "None"]), Failure::Unavailable(_)));
        assert!(matches!(cancelled(&["ProvisionedThroughputExceeded"]), Failure::Unavailable(_)));
        assert!(matches!(cancelled(&["ValidationError"]), Failure::Final(Error::Internal(_))));
    }

    #[test]
    fn single_writes_are_told_apart_alike() {
        assert!(matches!(coded(400, "ConditionalCheckFailedException"), Failure::Stale));
        assert!(matches!(coded(400, "TransactionConflictException"), Failure::Contended));
        assert!(matches!(coded(400, "ThrottlingException"), Failure::Unavailable(_)));
        assert!(matches!(coded(500, "Whatever"), Failure::Unavailable(_)));
        assert!(matches!(coded(400, "ValidationException"), Failure::Final(_)));
        let timeout = SdkError::<UpdateItemError>::timeout_error("too slow");
        assert!(matches!(classify(timeout), Failure::Unavailable(_)));
        let not_written = SdkError::<UpdateItemError>::construction_failure("no table");
        assert!(matches!(classify(not_written), Failure::Final(Error::Internal(_))));
    }
}
