//! All public types are `Send`, `Sync` and unwind-safe. The test is that this compiles.

use std::panic::{RefUnwindSafe, UnwindSafe};

use wsproto::{extensions, frame, handshake};

const fn is_good<T: Send + Sync + UnwindSafe + RefUnwindSafe + ?Sized>() {}

const _: fn() = || {
    is_good::<wsproto::AcceptConnection>();
    is_good::<wsproto::BytesMessage<'_>>();
    is_good::<wsproto::CloseConnection<'_>>();
    is_good::<wsproto::Config>();
    is_good::<wsproto::Connection>();
    is_good::<wsproto::ConnectionState>();
    is_good::<wsproto::EntropyError>();
    is_good::<wsproto::Event<'_>>();
    is_good::<wsproto::HandshakeLimits>();
    is_good::<wsproto::Headers>();
    is_good::<wsproto::HttpRequest>();
    is_good::<wsproto::ClientUpgrade>();
    is_good::<wsproto::ClientUpgradeError>();
    is_good::<wsproto::Upgrade>();
    is_good::<wsproto::UpgradeRequest>();
    is_good::<wsproto::UpgradeError>();
    is_good::<wsproto::UpgradeResponse>();
    is_good::<wsproto::LocalProtocolError>();
    is_good::<wsproto::OriginError>();
    is_good::<wsproto::Payload<'_>>();
    is_good::<wsproto::Ping<'_>>();
    is_good::<wsproto::Pong<'_>>();
    is_good::<wsproto::PreparedMessage>();
    is_good::<wsproto::RejectConnection>();
    is_good::<wsproto::RejectData<'_>>();
    is_good::<wsproto::Remedy>();
    is_good::<wsproto::ReadBuffer>();
    is_good::<wsproto::RemoteProtocolError>();
    is_good::<wsproto::Request>();
    is_good::<wsproto::Text<'_>>();
    is_good::<wsproto::TextMessage<'_>>();
    is_good::<wsproto::Transport>();
    is_good::<wsproto::UrlError>();
    is_good::<wsproto::WebSocketUrl>();
};

const _: fn() = || {
    is_good::<handshake::AcceptToken>();
    is_good::<handshake::Answer<'_>>();
    is_good::<handshake::ClientHandshake>();
    is_good::<handshake::ClientState>();
    is_good::<handshake::HeadError>();
    is_good::<handshake::IntoIter>();
    is_good::<handshake::Iter<'_>>();
    is_good::<handshake::LocalError>();
    is_good::<handshake::RequestError>();
    is_good::<handshake::ResponseError>();
    is_good::<handshake::ServerHandshake>();
    is_good::<handshake::ServerState>();
};

const _: fn() = || {
    is_good::<extensions::ExtensionError>();
    is_good::<extensions::FrameEnd>();
    is_good::<extensions::GrammarError>();
    is_good::<extensions::Handling>();
    is_good::<extensions::NegotiationError>();
    is_good::<extensions::Outbound>();
    is_good::<extensions::OutboundFrame<'_>>();
    is_good::<extensions::Params<'_>>();
    is_good::<extensions::Pipeline>();
    is_good::<extensions::Progress>();
    is_good::<extensions::Pulled>();
    is_good::<extensions::Reason>();
    is_good::<extensions::Refusal>();
    is_good::<extensions::Unacceptable>();
};

#[cfg(feature = "deflate")]
const _: fn() = || {
    is_good::<extensions::deflate::Backend>();
    is_good::<extensions::deflate::DeflateConfig>();
    is_good::<extensions::deflate::DeflateError>();
    is_good::<extensions::deflate::DeflateParams>();
    is_good::<extensions::deflate::PermessageDeflate>();
    is_good::<extensions::deflate::Pool>();
    is_good::<extensions::deflate::WindowBits>();
};

const _: fn() = || {
    is_good::<frame::CloseCode>();
    is_good::<frame::ClosePayload<'_>>();
    is_good::<frame::ControlPayload>();
    is_good::<frame::EncodedHeader>();
    is_good::<frame::FrameChunk<&[u8]>>();
    is_good::<frame::FrameDecoder>();
    is_good::<frame::FrameEncoder>();
    is_good::<frame::FrameError>();
    is_good::<frame::FrameHeader>();
    is_good::<frame::MaskingKey>();
    is_good::<frame::Opcode>();
    is_good::<frame::Role>();
    is_good::<frame::Rsv>();
    is_good::<frame::TextCheck>();
};
