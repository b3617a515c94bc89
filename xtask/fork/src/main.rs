//! Forks a process that has masking keys in stock, and compares what parent and child send from then on.

#[cfg(unix)]
fn main() {
    unix::WAYS.iter().for_each(unix::check);
    println!("parent and child share no key, in {} ways", unix::WAYS.len() - 1);
}

#[cfg(not(unix))]
fn main() {
    println!("SKIP: there is no fork here");
}

#[cfg(unix)]
mod unix {
    use std::collections::BTreeSet;
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;

    use wsproto::{AcceptConnection, BytesMessage, Config, Connection, Request};

    /// As many keys as a thread makes at a time.
    const FRAMES: usize = 512;

    /// Something that parent and child both do.
    pub struct Way {
        name: &'static str,
        /// Makes ready before the fork, and returns what is to be done after it: that returns the random bytes that
        /// went out.
        start: fn() -> Box<dyn FnOnce() -> Vec<u8>>,
        /// Whether both send different bytes.
        differs: bool,
    }

    pub const WAYS: [Way; 7] = [
        Way {
            name: "a connection made after the fork",
            start: || Box::new(|| keys(&mut client())),
            differs: true,
        },
        Way { name: "a connection made before, without a frame", start: made_before, differs: true },
        Way {
            name: "a handshake made after the fork",
            start: || Box::new(|| nonce(&mut opening())),
            differs: true,
        },
        Way { name: "a handshake made before, without its request", start: opening_before, differs: true },
        Way { name: "a connection whose request was sent before", start: requested_before, differs: true },
        Way { name: "a child of the child", start: || Box::new(grandchild), differs: true },
        // The documentation says so. It also shows that this program would see keys that are shared.
        Way { name: "a connection that sent a frame before", start: used_before, differs: false },
    ];

    /// Does it in a parent and its child, and compares.
    pub fn check(way: &Way) {
        let name = way.name;
        // The thread has keys left.
        keys_of(&mut client(), 1);
        let work = (way.start)();
        let (parent, child) = fork(work);
        assert!(parent.len() >= 16 && parent.len() == child.len(), "{name}: {} bytes", parent.len());
        let size = if parent.len() == 16 { 16 } else { 4 };
        let set = |bytes: &[u8]| bytes.chunks(size).map(<[u8]>::to_vec).collect::<BTreeSet<_>>();
        let shared = set(&parent).intersection(&set(&child)).count();
        // Of 512 random keys hardly one is another's, too.
        assert_eq!(shared <= 1, way.differs, "{name}: {shared} of {} are shared", parent.len() / size);
    }

    fn client() -> Connection {
        Connection::open_client(Config::default())
    }

    fn opening() -> Connection {
        Connection::client(Config::default())
    }

    fn made_before() -> Box<dyn FnOnce() -> Vec<u8>> {
        let mut connection = client();
        Box::new(move || keys(&mut connection))
    }

    fn used_before() -> Box<dyn FnOnce() -> Vec<u8>> {
        let mut connection = client();
        keys_of(&mut connection, 1);
        Box::new(move || keys_of(&mut connection, 64))
    }

    fn opening_before() -> Box<dyn FnOnce() -> Vec<u8>> {
        let mut connection = opening();
        Box::new(move || nonce(&mut connection))
    }

    /// A connection whose handshake is done when the process forks, as a parent hands them to its children.
    fn requested_before() -> Box<dyn FnOnce() -> Vec<u8>> {
        let (mut client, mut server) = (opening(), Connection::server(Config::default()));
        let (mut request, mut answer) = (Vec::new(), Vec::new());
        client.send(Request::new("example.com", "/"), &mut request).expect("the request is sound");
        server.receive(&mut &mut request[..]).expect("so it is");
        server.send(AcceptConnection::new(), &mut answer).expect("there is a request");
        client.receive(&mut &mut answer[..]).expect("the answer is sound");
        Box::new(move || frames(FRAMES, |message, out| client.send(message, out).expect("it is open")))
    }

    /// What the child's child sends, and again what the child sends after that.
    fn grandchild() -> Vec<u8> {
        let mut connection = client();
        keys_of(&mut connection, 1);
        let (parent, child) = fork(Box::new(|| keys_of(&mut client(), 100)));
        [parent, child].concat()
    }

    /// The nonce of a handshake.
    fn nonce(client: &mut Connection) -> Vec<u8> {
        let mut out = Vec::new();
        client.send(Request::new("example.com", "/"), &mut out).expect("the request is sound");
        let head = String::from_utf8(out).expect("a head is ASCII");
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
        // 22 letters stand for 16 bytes; the first 16 of them are enough to tell keys apart.
        key.as_bytes()[..16].to_vec()
    }

    fn keys(client: &mut Connection) -> Vec<u8> {
        keys_of(client, FRAMES)
    }

    fn keys_of(client: &mut Connection, count: usize) -> Vec<u8> {
        frames(count, |message, out| client.send(message, out).expect("it is open"))
    }

    /// The masking keys of some frames without a payload.
    fn frames(count: usize, mut send: impl FnMut(BytesMessage<'_>, &mut Vec<u8>)) -> Vec<u8> {
        let mut keys = Vec::new();
        for _ in 0..count {
            let mut out = Vec::new();
            send(BytesMessage::new(b""), &mut out);
            keys.extend_from_slice(&out[2..6]);
        }
        keys
    }

    /// Does the same in this process and in a child, and returns what came of it: here, and there.
    fn fork(work: Box<dyn FnOnce() -> Vec<u8>>) -> (Vec<u8>, Vec<u8>) {
        let (mut ours, mut childs) = UnixStream::pair().expect("a pair of sockets");
        // SAFETY: this process has one thread.
        match unsafe { libc::fork() } {
            -1 => panic!("no fork: {}", std::io::Error::last_os_error()),
            0 => {
                drop(ours);
                childs.write_all(&work()).expect("the parent listens");
                std::process::exit(0)
            }
            child => {
                drop(childs);
                let here = work();
                let mut there = Vec::new();
                ours.read_to_end(&mut there).expect("the child writes");
                let mut status = 0;
                // SAFETY: the child is ours, and `status` lives.
                let waited = unsafe { libc::waitpid(child, &mut status, 0) };
                assert_eq!((waited, status), (child, 0), "the child has failed");
                (here, there)
            }
        }
    }
}
