//! `wsproto serve`: one port with a page, and the WebSockets that it shows.
//!
//! [`listener`] takes connections. [`http1`] and `http2` read their requests, [`route`] says what lies at which path,
//! and [`guard`] who may ask. [`endpoints`] has what an open WebSocket does. What a page is shown goes from a tapped
//! stream through an [`observer`] into its session ([`sessions`]), and from there over `/wire` ([`looking`]).

mod assets;
mod endpoints;
mod guard;
mod http1;
#[cfg(feature = "tls")]
mod http2;
mod listener;
mod looking;
mod observer;
mod queue;
mod recordings;
mod route;
mod sessions;
mod site;
mod staged;
#[cfg(feature = "tls")]
mod tls;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use tokio::net::TcpListener;

use self::{guard::Guard, listener::Transport, site::Site};
use crate::{
    exit::{Failure, Status},
    signals::Signals,
    streams,
};

/// How long connections have to say goodbye once the server is told to stop.
const GOODBYE: Duration = Duration::from_secs(3);

/// Runs a server with a live page that shows each frame of its WebSockets.
///
/// Open the printed address in a browser. The page talks to /echo. It shows each frame of both directions bit by bit,
/// the text of the handshake, and the rule that a bad frame breaks. Other programs may use the WebSockets, too: /echo
/// answers each message with itself, and /chat sends each message to all.
///
/// Ctrl-C closes all connections with 1001 and ends the server. There are no passwords: everyone who reaches the port
/// may use it. So by default the server listens on this machine only.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The port; 0 takes any that is free.
    #[arg(long, short, default_value_t = 9001)]
    port: u16,
    /// The address to listen on; 0.0.0.0 or :: for all of this machine, where others reach it.
    #[arg(long, short, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,
    /// A name or address that requests may have in Host, besides those of this machine; may be repeated.
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// Serves https:// and wss:// with a certificate of its own, over HTTP/2 as well.
    #[arg(long)]
    tls: bool,
}

/// Runs the command.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let local = |error: io::Error| Failure::new(Status::Local, error);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(local)?;
    runtime.block_on(serve(args))
}

async fn serve(args: Args) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen().map_err(|error| Failure::new(Status::Local, error))?;
    let transport = transport(&args)?;
    let address = SocketAddr::new(args.listen, args.port);
    let listener = TcpListener::bind(address).await.map_err(|error| cannot_listen(address, &error))?;
    let address = listener.local_addr().map_err(|error| cannot_listen(address, &error))?;
    announce(&args, address);

    let site = Arc::new(Site::new(Guard::new(args.listen, &args.host)));
    tokio::select! {
        () = listener::run(listener, transport, Arc::clone(&site)) => {}
        () = signals.next() => {}
    }
    let open = site.shutdown.len();
    if open > 0 {
        streams::complain(format_args!("closing {open} connections"));
    }
    site.shutdown.close_all(GOODBYE).await;
    Ok(Status::Clean.into())
}

#[cfg(feature = "tls")]
fn transport(args: &Args) -> Result<Transport, Failure> {
    if args.tls { tls::transport(args.listen, &args.host) } else { Ok(Transport::Plain) }
}

#[cfg(not(feature = "tls"))]
fn transport(args: &Args) -> Result<Transport, Failure> {
    if args.tls {
        let why =
            "--tls needs the feature `tls`: cargo run --release -p wsproto-cli --features tls -- serve --tls";
        return Err(Failure::new(Status::Usage, why));
    }
    Ok(Transport::Plain)
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> Failure {
    let port = address.port();
    let why = match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!(
                "port {port} is taken: another program listens on {address}. Choose another one with --port, or 0 for any that is free"
            )
        }
        io::ErrorKind::PermissionDenied => {
            format!("port {port} needs more rights: choose one above 1023 with --port")
        }
        io::ErrorKind::AddrNotAvailable => format!("{} is no address of this machine", address.ip()),
        _ => format!("can't listen on {address}: {error}"),
    };
    Failure::new(Status::Local, why)
}

/// Says where the page is.
fn announce(args: &Args, address: SocketAddr) {
    let scheme = if args.tls { "https" } else { "http" };
    let (ip, port) = (address.ip(), address.port());
    let mut places: Vec<String> = args.host.iter().map(|host| guard::named(host)).collect();
    if !ip.is_unspecified() {
        places.insert(0, ip.to_string());
    } else if places.is_empty() {
        places.push("localhost".into());
    }
    for place in places {
        // An address of IPv6 stands in brackets.
        let place = if place.contains(':') { format!("[{place}]") } else { place };
        streams::complain(format_args!("Open {scheme}://{place}:{port}/"));
    }
    if args.tls {
        streams::complain(format_args!(
            "The certificate signs itself: the browser will ask whether you trust it."
        ));
    }
    if !ip.is_loopback() {
        streams::complain(format_args!("Everyone who reaches {address} may use it."));
    }
    if ip.is_unspecified() && args.host.is_empty() {
        streams::complain(format_args!(
            "It answers for names and addresses of this machine only: others get 421 without --host NAME."
        ));
    }
}
