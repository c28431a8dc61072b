//! The wire between a shop and its DynamoDB, SQS and SES: it counts what goes over it, and breaks where a
//! test says so.

mod fault;
mod guard;
mod request;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use local::options::Options;
use shared::mail::Mailer;
use shared::shop::Shop;
use shared::store::Store;
use shared::time::Clock;

pub use self::fault::{Fault, Pause, unless_it_dies};
pub use self::guard::Guard;
use self::request::{function_of, operation_of};

/// How long it takes until whatever died is tried again: by then, what it had claimed is free.
const UNTIL_TRIED_AGAIN: Duration = Duration::from_secs(61);

/// The wire. Clones are the same wire.
#[derive(Debug, Clone)]
pub struct Wire {
    inner: SharedHttpConnector,
    clock: Option<Clock>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Sent>,
    faults: Vec<(Aim, Fault)>,
    under_way: usize,
    served: Vec<Served>,
    /// Requests that nobody waits for any more, and that have not arrived yet.
    late: Vec<HttpRequest>,
    /// What no write is guarded by.
    missing: Option<Guard>,
}

/// A request as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sent {
    /// The function that sent it, or whoever else.
    function: String,
    operation: String,
}

/// What a fault waits for.
#[derive(Debug)]
enum Aim {
    /// A call of this operation.
    Operation(&'static str),
    /// This function's call after so many others of its.
    Call { function: &'static str, after: usize },
    /// That call, and all of this function's after it.
    Calls { function: &'static str, after: usize },
}

impl Aim {
    /// Whether it waits for `sent`; counts it otherwise.
    fn takes(&mut self, sent: &Sent) -> bool {
        match self {
            Aim::Operation(operation) => *operation == sent.operation,
            Aim::Call { function, after } | Aim::Calls { function, after } => {
                let is_of = *function == sent.function;
                let takes = is_of && *after == 0;
                *after -= usize::from(is_of && !takes);
                takes
            }
        }
    }
}

/// A request that was served, whether or not whoever sent it heard the answer.
#[derive(Debug, Clone)]
pub struct Served {
    /// The operation.
    pub operation: String,
    /// What it was sent with.
    pub body: String,
}

impl Wire {
    /// A shop that is opened with a wire between it, functions and all, and its services; whenever a function dies,
    /// a minute passes before anything is tried again. It is noon there, as some calls are made for each day.
    pub async fn under_a_shop() -> (Wire, crate::shop::Shop) {
        let mut wire = Wire::unclocked();
        let shop = crate::shop::Shop::open_with(|options| {
            wire.clock = Some(options.clock.clone());
            Options { wire: Some(SharedHttpConnector::new(wire.clone())), ..options }
        });
        let shop = shop.await;
        let noon = shop.clock.now().day().end() + Duration::from_secs(12 * 60 * 60);
        shop.clock.advance(noon.since(shop.clock.now()));
        (wire, shop)
    }

    /// A wire to the cloud of `shop`, and the shop with its store and its mailer at this end of it.
    pub async fn to(shop: &crate::shop::Shop) -> (Wire, Shop) {
        let wire = Wire::unclocked();
        let aws = shop.aws("local", wire.clone());
        let served = shop.cloud().shop().clone();
        let (store, mailer) = (Store::new(&aws, &served.config), Mailer::new(&aws, &served.config));
        (wire, Shop { store, mailer, ..served })
    }

    fn unclocked() -> Wire {
        Wire { inner: SharedHttpConnector::new(shared::aws::Wire::new(false)), clock: None, state: Arc::default() }
    }

    /// Breaks the next call of an operation, such as `TransactWriteItems` or `outbound-emails`; after those that were to
    /// break before.
    pub fn breaks(&self, operation: &'static str, fault: Fault) {
        self.state().faults.push((Aim::Operation(operation), fault));
    }

    /// Breaks a call of a function: the first from now on, or the one `after` so many.
    pub fn strikes(&self, function: &'static str, after: usize, fault: Fault) {
        self.state().faults.push((Aim::Call { function, after }, fault));
    }

    /// Breaks a call of a function, after so many, and all that it makes later.
    pub fn strikes_from(&self, function: &'static str, after: usize, fault: Fault) {
        self.state().faults.push((Aim::Calls { function, after }, fault));
    }

    /// Makes the next call of an operation wait.
    pub fn pauses(&self, operation: &'static str) -> Pause {
        let pause = Pause::default();
        self.breaks(operation, Fault::Pause(pause.clone()));
        pause
    }

    /// The operations called since this was last asked, in order.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state().calls).into_iter().map(|sent| sent.operation).collect()
    }

    /// Those called by a function; those of others are forgotten.
    pub fn calls_of(&self, function: &str) -> Vec<String> {
        let mut calls = std::mem::take(&mut self.state().calls);
        calls.retain(|sent| sent.function == function);
        calls.into_iter().map(|sent| sent.operation).collect()
    }

    /// Lets every call through from now on; answers how many faults nothing has met with.
    pub fn heals(&self) -> usize {
        std::mem::take(&mut self.state().faults).len()
    }

    /// Takes a guard off every write from now on; none lets all of them be.
    pub fn misses(&self, guard: Option<Guard>) {
        self.state().missing = guard;
    }

    /// What was served since this was last asked, in order, once nothing is under way any more.
    pub async fn served(&self) -> Vec<Served> {
        while self.state().under_way > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        std::mem::take(&mut self.state().served)
    }

    /// Has requests arrive at last that nobody waits for any more; answers whether there were any.
    pub async fn delivers_late(&self) -> bool {
        let late = std::mem::take(&mut self.state().late);
        let were_any = !late.is_empty();
        for request in late {
            // Nobody hears the answer, whatever it is.
            drop(self.inner.call(request).await);
        }
        were_any
    }

    fn next_fault(&self, sent: Sent) -> Option<Fault> {
        let mut state = self.state();
        let position = state.faults.iter_mut().position(|(aim, _)| aim.takes(&sent));
        state.calls.push(sent);
        match state.faults.get(position?)? {
            (Aim::Calls { .. }, fault) => Some(fault.clone()),
            _ => Some(state.faults.remove(position?).1),
        }
    }

    /// Sends a request that is served to its end, even if nobody waits for it any more.
    fn serve(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation = operation_of(&request);
        let body = request.body().bytes().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
        let (wire, sent) = (self.clone(), self.inner.call(request));
        wire.state().under_way += 1;
        let served = tokio::spawn(async move {
            let answer = sent.await;
            let mut state = wire.state();
            state.under_way -= 1;
            if answer.as_ref().is_ok_and(|answer| answer.status().is_success()) {
                state.served.push(Served { operation, body });
            }
            answer
        });
        HttpConnectorFuture::new(async move { served.await.expect("the request is served") })
    }

    /// Keeps a request back until [`Wire::delivers_late`].
    fn keep_back(&self, request: HttpRequest) {
        self.state().late.push(request);
    }

    /// Lets the time pass until whatever is about to die is tried again.
    fn pass_until_tried_again(&self) {
        if let Some(clock) = &self.clock {
            clock.advance(UNTIL_TRIED_AGAIN);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = match self.state().missing {
            Some(guard) => guard.taken_off(request),
            None => request,
        };
        let sent = Sent { function: function_of(&request), operation: operation_of(&request) };
        match self.next_fault(sent) {
            None => self.serve(request),
            Some(fault) => fault.befall(request, self),
        }
    }
}
