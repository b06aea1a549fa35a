//! The server.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_server::{GracefulShutdownSignal, Server};
use actix_service::{
    IntoServiceFactory as _, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config,
};
use actix_web::dev::AppConfig;
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::{App, web};

use crate::api::Api;
use crate::boundary::boundary;
use crate::routes;
use crate::settings::HttpSettings;
use crate::state::State;
use crate::wire::connection::Connection;
use crate::wire::progress::Progress;
use crate::wire::replies::replies;

/// How long a connection whose answer ended it is still read, so that the answer is not lost.
const LINGER: std::time::Duration = std::time::Duration::from_secs(1);

/// Serves `api` on `listener`, within a Tokio or actix runtime. The result runs when it is awaited;
/// `handle().stop(true)` on it stops accepting, lets requests in flight finish within
/// [`HttpSettings::shutdown_timeout`], and ends. Signals are left to the caller.
///
/// Fails when the listener cannot be used.
pub fn serve(listener: TcpListener, api: Arc<Api>, settings: HttpSettings) -> io::Result<Server> {
    let address = listener.local_addr()?;
    let builder = Server::build()
        .workers(settings.worker_threads())
        .max_concurrent_connections(settings.connections_per_worker())
        .shutdown_timeout(settings.shutdown_timeout.as_secs())
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let state = Arc::new(State::new(api, settings));
    let name = format!("countersign {address}");
    Ok(builder.listen(name, listener, move || connections(&state, &stopping))?.run())
}

/// Serves connections of one worker thread: HTTP/1 over [`Connection`].
fn connections(
    state: &Arc<State>,
    stopping: &GracefulShutdownSignal,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()> + use<>
{
    let timeouts = state.settings.timeouts;
    let (stopping, replies) = (stopping.clone(), replies(state.clone()));
    let http = HttpService::build()
        .graceful_shutdown_signal(move || {
            let signal = stopping.clone();
            async move { signal.notified().await }
        })
        .keep_alive(timeouts.keep_alive)
        .client_request_timeout(timeouts.head)
        .client_disconnect_timeout(LINGER)
        .on_connect_ext(|connection: &Connection<TcpStream>, data| {
            data.insert::<Progress>(connection.progress());
        })
        .h1(map_config(application(state), |()| AppConfig::default()));
    fn_service(move |stream: TcpStream| {
        let replies = replies.clone();
        async move {
            let peer = stream.peer_addr().ok();
            // Answers are written as a whole; waiting for more would only delay them.
            stream.set_nodelay(true)?;
            Ok::<_, DispatchError>((Connection::new(stream, replies, timeouts), peer))
        }
    })
    .and_then(http)
}

fn application(
    state: &Arc<State>,
) -> impl ServiceFactory<
    actix_http::Request,
    Config = AppConfig,
    Response = actix_web::dev::ServiceResponse,
    Error = actix_web::Error,
    InitError = (),
> + use<> {
    let outermost = state.clone();
    App::new()
        .configure(|config| routes::mount(config, state))
        .default_service(web::to({
            let state = state.clone();
            move |request| routes::refuse_path(state.clone(), request)
        }))
        .wrap(from_fn(move |request, next| boundary(outermost.clone(), request, next)))
        .into_factory()
}
