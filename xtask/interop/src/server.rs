//! Our server: answers the script's targets, one thread for each connection.

use std::{
    collections::HashMap,
    io,
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use wsproto::{AcceptConnection, Config, Request};

use crate::{
    script,
    socket::{Failure, Message, Socket},
};

/// How each target's last connection ended, as `/saw/TARGET` tells.
#[derive(Clone, Debug, Default)]
struct Seen(Arc<Mutex<HashMap<String, String>>>);

impl Seen {
    fn insert(&self, target: &str, how: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(target.to_owned(), how);
    }

    fn of(&self, target: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(target).cloned()
    }
}

/// Starts a server and returns its port; it ends with the program.
pub(crate) fn start(config: Config) -> io::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    let seen = Seen::default();
    thread::spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            let (config, seen) = (config.clone(), seen.clone());
            thread::spawn(move || serve(stream, config, &seen));
        }
    });
    Ok(port)
}

fn serve(stream: TcpStream, config: Config, seen: &Seen) {
    // A client that breaks a rule of the handshake was told so; there is no target to remember it by.
    let Ok((mut socket, request)) = Socket::accept(stream, config) else {
        return;
    };
    match request.target() {
        // Its client sees how that ends, and nobody asks us.
        script::FORBIDDEN => drop(socket.reject(403, "")),
        script::FORBIDDEN_WITH_REASON => drop(socket.reject(403, script::REASON)),
        _ => open(socket, &request, seen),
    }
}

fn open(mut socket: Socket, request: &Request, seen: &Seen) {
    let mut accept = AcceptConnection::new();
    if request.subprotocols().any(|offered| offered == script::CHOSEN) {
        accept = accept.with_subprotocol(script::CHOSEN);
    }
    let end = match socket.send(accept) {
        Ok(()) => answer(socket, request.target(), seen),
        Err(failure) => failure,
    };
    seen.insert(
        request.target(),
        match end {
            Failure::Closed { code, reason } => format!("{code} {reason}"),
            other => format!("no Close: {other}"),
        },
    );
}

/// Does what a target asks for, and returns how the connection ended.
fn answer(mut socket: Socket, target: &str, seen: &Seen) -> Failure {
    let (task, rest) =
        target.trim_start_matches('/').split_once('/').unwrap_or((target.trim_start_matches('/'), ""));
    let done = match task {
        "echo" => return echo(&mut socket),
        "fragments" => socket.send_fragments(script::FRAGMENTED),
        "ping" => {
            socket.ping(script::PING).and_then(|()| socket.send_message(&Message::Text("pong".to_owned())))
        }
        "close" => return socket.close(script::CLOSE_BY_SERVER.0, script::CLOSE_BY_SERVER.1),
        "abort" => return Failure::Closed { code: script::ABNORMAL, reason: String::new() },
        "saw" => {
            let how = seen.of(&format!("/{rest}")).unwrap_or_else(|| " ".to_owned());
            socket.send_message(&Message::Text(how))
        }
        _ => Ok(()),
    };
    match done {
        Ok(()) => socket.until_closed(),
        Err(failure) => failure,
    }
}

fn echo(socket: &mut Socket) -> Failure {
    loop {
        let echoed = socket.message().and_then(|message| socket.send_message(&message));
        if let Err(end) = echoed {
            return end;
        }
    }
}
