//! `/wire`: shows a page what the protocol layer saw of its other connections, and does what no script can.
//!
//! The server sends arrays of objects in JSON: first the session's id, then what was seen. The page sends one object:
//! `{"do":"ping"}`, `{"do":"split"}`, `{"do":"violate","name":"text-not-utf8"}` or `{"do":"file","connection":1}`. A
//! file comes as a binary message.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
};
use wsproto::{CloseCode, Message, Role, testing::Violation};
use wsproto_tokio::{Error, WebSocket};

use super::{
    observer::push,
    sessions::Session,
    site::Site,
    staged::{self, Scene},
};

/// The longest thing that a page has to say, in bytes.
const LONGEST_ASKED: usize = 1 << 10;

/// What a page asks for.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Asked {
    /// A Ping to the page's own `/echo`.
    Ping,
    /// A text in two frames, cut inside of a character.
    Split,
    /// A rule broken.
    Violate { name: String },
    /// The bytes of a connection.
    File { connection: u32 },
}

/// A rule that can be broken, as the page lists it.
#[derive(Serialize)]
struct Rule {
    name: &'static str,
    says: &'static str,
    link: &'static str,
    /// What it is answered with.
    code: u16,
}

/// Shows a session until the page leaves.
pub(super) async fn run<S>(site: &Arc<Site>, mut ws: WebSocket<S>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(owner) = site.sessions.open() else {
        return ws.close(CloseCode::TRY_AGAIN_LATER, "too many pages look at once").await.map(drop);
    };
    let session = &owner.session;
    push(session, &json!({ "kind": "session", "id": session.id, "violations": rules() }));
    loop {
        select! {
            asked = ws.recv() => match asked? {
                Some(Message::Text(text)) if text.len() <= LONGEST_ASKED => match serde_json::from_str(&text) {
                    Ok(asked) => answer(site, session, &mut ws, asked).await?,
                    Err(error) => refuse(session, &format!("This can't be asked for: {error}.")),
                },
                Some(_) => return ws.close(CloseCode::POLICY_VIOLATION, "a short text in JSON").await.map(drop),
                None => return Ok(()),
            },
            batch = session.queue.batch() => ws.feed(batch).await?,
        }
    }
}

async fn answer<S>(
    site: &Arc<Site>,
    session: &Arc<Session>,
    ws: &mut WebSocket<S>,
    asked: Asked,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match asked {
        // Nobody is there to be pinged, or enough wait to be.
        Asked::Ping => drop(session.pings.send(())),
        Asked::Split => stage(site, session, Scene::SplitCharacter),
        Asked::Violate { name } => match name.parse() {
            Ok(violation) => stage(site, session, Scene::Violation(violation)),
            Err(_) => refuse(session, "There is no violation of this name."),
        },
        Asked::File { connection } => {
            let file = session.recordings().file(connection);
            match file {
                Some(file) => ws.feed(Message::binary(file)).await?,
                None => refuse(session, "The bytes of this connection are no longer kept."),
            }
        }
    }
    Ok(())
}

fn stage(site: &Arc<Site>, session: &Arc<Session>, scene: Scene) {
    match session.place() {
        Some(place) => drop(tokio::spawn(staged::run(Arc::clone(site), place, scene))),
        None => refuse(session, "Too many connections of this page are open: wait for some to end."),
    }
}

fn refuse(session: &Session, why: &str) {
    push(session, &json!({ "kind": "refused", "why": why }));
}

/// All rules that a client can break.
fn rules() -> Vec<Rule> {
    let of_clients = Violation::ALL.iter().filter(|rule| rule.violator() != Some(Role::Server));
    let described = of_clients.map(|rule| Rule {
        name: rule.name(),
        says: rule.rule(),
        link: rule.link(),
        code: rule.close_code().into(),
    });
    described.collect()
}
