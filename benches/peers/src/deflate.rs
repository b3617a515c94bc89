//! permessage-deflate: our connection with each library, at the same level and with the same parameters as the peers.

use std::sync::Arc;

use wsproto::{
    Config, Connection, DeflateConfig,
    extensions::{self, ExtensionConfig, deflate::Backend},
};
use wsproto_benches::Deflate;

use crate::{Runner, ours, work::Work};

pub(crate) fn miniz(work: &Work) -> Option<Runner> {
    ours::with(work, connection(work.deflate?, Backend::Miniz))
}

pub(crate) fn zlib_rs(work: &Work) -> Option<Runner> {
    ours::with(work, connection(work.deflate?, Backend::ZlibRs))
}

/// Returns a server's connection that has agreed to compress.
pub(crate) fn connection(Deflate { level, takeover }: Deflate, backend: Backend) -> Connection {
    let mut config = DeflateConfig::default().with_backend(backend).with_level(level);
    if !takeover {
        config = config.with_server_no_context_takeover().with_client_no_context_takeover();
    }
    let configs: [Arc<dyn ExtensionConfig>; 1] = [Arc::new(config)];
    let offers = extensions::offers(&configs).unwrap();
    let (_, agreed) = extensions::respond(&configs, &offers).unwrap();
    Connection::open_server(Config::default()).with_extensions(agreed)
}
