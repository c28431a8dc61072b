//! The connections to AWS: HTTP/1.1, which is what DynamoDB, SQS and SES speak, with TLS or without.
//!
//! The SDK's own client has HTTP/2 besides, a tenth of every function's package.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};

/// How long a connection may take to be made.
const PATIENCE: Duration = Duration::from_secs(2);

type Pool = Client<HttpsConnector<connect::HttpConnector>, SdkBody>;

/// A pool of connections, made where it is first needed. Clones share it.
#[derive(Debug, Clone)]
pub struct Wire {
    tls: bool,
    pool: Arc<OnceLock<Pool>>,
}

impl Wire {
    /// Nothing is connected yet. Without `tls` no server is trusted: reading the root certificates takes
    /// milliseconds.
    pub fn new(tls: bool) -> Wire {
        Wire { tls, pool: Arc::default() }
    }

    fn pool(&self) -> &Pool {
        self.pool.get_or_init(|| {
            let mut tcp = connect::HttpConnector::new();
            tcp.enforce_http(false);
            tcp.set_nodelay(true);
            tcp.set_connect_timeout(Some(PATIENCE));
            let https = HttpsConnectorBuilder::new().with_tls_config(trust(self.tls)).https_or_http().enable_http1();
            let mut pool = Client::builder(TokioExecutor::new());
            pool.pool_timer(TokioTimer::new());
            pool.build(https.wrap_connector(tcp))
        })
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = self.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let response = wire.pool().request(request).await.map_err(|error| ConnectorError::io(error.into()))?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// Trusts whom the machine trusts, or nobody.
fn trust(machines: bool) -> ClientConfig {
    let nobody = || ClientConfig::builder().with_root_certificates(RootCertStore::empty());
    if !machines {
        return nobody().with_no_client_auth();
    }
    let trusting = ClientConfig::builder().with_native_roots().unwrap_or_else(|error| {
        tracing::error!(%error, "no root certificate can be read");
        nobody()
    });
    trusting.with_no_client_auth()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use aws_smithy_types::byte_stream::ByteStream;

    use super::*;

    fn request(uri: &str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from("{}"));
        request.set_method("POST").unwrap();
        request.set_uri(uri).unwrap();
        request
    }

    #[tokio::test]
    async fn a_request_gets_its_answer_over_http_1_1() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let uri = format!("http://{}/", listener.local_addr().unwrap());
        let far_end = thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let mut heard = String::new();
            while !heard.ends_with("{}") {
                let mut some = [0; 1_024];
                let count = connection.read(&mut some).unwrap();
                heard.push_str(std::str::from_utf8(&some[..count]).unwrap());
            }
            connection.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 4\r\n\r\nwhat").unwrap();
            heard
        });
        let mut answer = Wire::new(false).call(request(&uri)).await.unwrap();
        assert_eq!(answer.status().as_u16(), 400);
        let body = std::mem::replace(answer.body_mut(), SdkBody::empty());
        assert_eq!(ByteStream::new(body).collect().await.unwrap().to_vec(), b"what");
        assert!(far_end.join().unwrap().starts_with("POST / HTTP/1.1\r\n"));
    }

    #[tokio::test]
    async fn where_nobody_listens_is_a_failure_of_io() {
        let uri = format!("http://{}/", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
        assert!(Wire::new(false).call(request(&uri)).await.unwrap_err().is_io());
    }

    #[test]
    fn without_tls_no_root_certificate_is_read() {
        let (nobody, the_machines) = (format!("{:?}", trust(false)), format!("{:?}", trust(true)));
        assert!(nobody.contains("(0 roots)"), "{nobody}");
        assert!(the_machines.contains(" roots)") && !the_machines.contains("(0 roots)"), "{the_machines}");
    }
}
