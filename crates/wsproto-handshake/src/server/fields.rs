//! The rules for a request's fields together: HTTP/1.1 (RFC 6455 §4.2.1) and extended CONNECT (RFC 8441 §5).

use smallvec::SmallVec;

use crate::{
    HandshakeLimits, HeadError, Headers, LocalError, RequestError,
    error::excerpt,
    host,
    known::{Known, Seen, is_word},
    list,
    request::List,
    syntax,
    token::Key,
};

/// The fields of a request that the handshake reads.
#[allow(clippy::struct_excessive_bools, reason = "each says whether something came")]
pub(crate) struct Fields<'a> {
    host: Seen<&'a [u8]>,
    key: Seen<&'a [u8]>,
    version: Seen<&'a [u8]>,
    content_length: Seen<&'a [u8]>,
    has_transfer_encoding: bool,
    /// Whether a field came that only HTTP/1.1 allows, for one connection.
    has_connection_field: bool,
    asks_upgrade: bool,
    asks_websocket: bool,
    /// Whether the client asks for another version of the protocol, perhaps together with ours.
    pub(crate) asks_other_version: bool,
    pub(crate) subprotocols: ListFields<'a>,
    pub(crate) extensions: ListFields<'a>,
    max_items: u64,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(limits: &HandshakeLimits) -> Self {
        Self {
            host: Seen::Never,
            key: Seen::Never,
            version: Seen::Never,
            content_length: Seen::Never,
            has_transfer_encoding: false,
            has_connection_field: false,
            asks_upgrade: false,
            asks_websocket: false,
            asks_other_version: false,
            subprotocols: ListFields::default(),
            extensions: ListFields::default(),
            max_items: limits.max_list_items,
        }
    }

    /// Reads a field; returns whether the request lists it among its other fields.
    #[inline]
    pub(crate) fn add(&mut self, name: &[u8], value: &'a [u8]) -> bool {
        match Known::of(name) {
            Some(Known::Host) => {
                self.host.add(value);
                return false;
            }
            Some(Known::Subprotocol) => {
                self.subprotocols.fields.push(value);
                return false;
            }
            Some(Known::Extensions) => {
                self.extensions.fields.push(value);
                return false;
            }
            Some(Known::Connection) => self.asks_upgrade |= list::has_token(value, b"upgrade"),
            Some(Known::Upgrade) => self.asks_websocket |= list::has_token(value, b"websocket"),
            Some(Known::Key) => self.key.add(value),
            Some(Known::Version) => {
                self.asks_other_version |= value != b"13";
                self.version.add(value);
            }
            Some(Known::ContentLength) => self.content_length.add(value),
            Some(Known::TransferEncoding) => self.has_transfer_encoding = true,
            //= rfc6455#4.2.1-9
            Some(Known::Accept) | None => {}
        }
        true
    }

    /// Returns the value of Host, which HTTP/1.1 requires.
    #[inline]
    pub(crate) fn host(&self) -> Result<&'a [u8], RequestError> {
        //= rfc6455#4.2.1-4
        let host = self.host.at_most_once(RequestError::HostRepeated)?.ok_or(RequestError::HostMissing)?;
        //= rfc6455#8.1-2
        if host::is_valid(host) { Ok(host) } else { Err(RequestError::HostInvalid) }
    }

    /// Returns the authority of an extended CONNECT; Host may replace it, or must name the same authority.
    ///
    /// RFC 9113 [§8.3.1](https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1)
    pub(crate) fn authority(
        &self,
        authority: Option<&'a str>,
        default_port: u16,
    ) -> Result<&'a [u8], RequestError> {
        let Some(authority) = authority else { return self.host() };
        if !host::is_valid(authority.as_bytes()) {
            return Err(RequestError::HostInvalid);
        }
        if let Some(host) = self.host.at_most_once(RequestError::HostRepeated)? {
            let host = core::str::from_utf8(host).map_err(|_| RequestError::HostInvalid)?;
            if !host::agree(authority, host, Some(default_port)) {
                return Err(RequestError::HostMismatch);
            }
        }
        Ok(authority.as_bytes())
    }

    /// Reads a field of an extended CONNECT as [`add`](Self::add) does.
    pub(crate) fn add_to_connect(&mut self, name: &[u8], value: &'a [u8]) -> bool {
        self.has_connection_field |= is_connection_field(name, value);
        self.add(name, value)
    }

    /// Checks the fields of HTTP/1.1 together; general rules come first.
    pub(crate) fn check(&self) -> Result<Key, RequestError> {
        self.check_body()?;
        self.check_other_version()?;
        //= rfc6455#4.2.1-6
        if !self.asks_upgrade {
            return Err(RequestError::ConnectionNotUpgrade);
        }
        //= rfc6455#4.2.1-5
        if !self.asks_websocket {
            return Err(RequestError::UpgradeNotWebSocket);
        }
        self.check_version()?;
        //= rfc6455#11.3.1-1
        let key = self.key.at_most_once(RequestError::KeyRepeated)?.ok_or(RequestError::KeyMissing)?;
        let key = Key::parse(key).ok_or(RequestError::KeyInvalid)?;
        self.check_lists()?;
        Ok(key)
    }

    /// Checks the fields of an extended CONNECT together: it has no key and no upgrade.
    pub(crate) fn check_connect(&self) -> Result<(), RequestError> {
        //= rfc8441#5-2
        if self.has_connection_field {
            return Err(RequestError::ConnectionField);
        }
        // The stream's data are frames, so any announced length is wrong, even 0.
        if !matches!(self.content_length, Seen::Never) {
            return Err(RequestError::Body);
        }
        //= rfc8441#5-4, rfc8441#5-5
        self.check_other_version()?;
        self.check_version()?;
        self.check_lists()
    }

    fn check_body(&self) -> Result<(), RequestError> {
        if self.has_transfer_encoding {
            return Err(RequestError::TransferEncoding);
        }
        if let Some(length) = self.content_length.at_most_once(RequestError::ContentLengthInvalid)?
            && syntax::decimal(length).ok_or(RequestError::ContentLengthInvalid)? != 0
        {
            return Err(RequestError::Body);
        }
        Ok(())
    }

    /// In another version, the other fields may have another meaning, so this check comes first.
    fn check_other_version(&self) -> Result<(), RequestError> {
        match self.version {
            Seen::Once(version) if version != b"13" => Err(RequestError::VersionUnsupported),
            _ => Ok(()),
        }
    }

    fn check_version(&self) -> Result<(), RequestError> {
        //= rfc6455#4.2.1-8, rfc6455#4.3-2, rfc6455#11.3.5-1
        match self.version.at_most_once(RequestError::VersionRepeated)? {
            Some(_) => Ok(()),
            None => Err(RequestError::VersionMissing),
        }
    }

    fn check_lists(&self) -> Result<(), RequestError> {
        let subprotocols = (RequestError::SubprotocolInvalid, RequestError::SubprotocolsEmpty);
        self.subprotocols.check(self.max_items, subprotocols)?;
        let extensions = (RequestError::ExtensionsInvalid, RequestError::ExtensionsEmpty);
        self.extensions.check(self.max_items, extensions)
    }
}

/// Returns whether only HTTP/1.1 allows this field, for one connection.
///
/// RFC 9113 [§8.2.2](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2)
pub(crate) fn is_connection_field(name: &[u8], value: &[u8]) -> bool {
    match Known::of(name) {
        Some(known) => matches!(known, Known::Connection | Known::Upgrade | Known::TransferEncoding),
        None => {
            is_word(name, b"keep-alive")
                || is_word(name, b"proxy-connection")
                || (is_word(name, b"te") && !is_word(value, b"trailers"))
        }
    }
}

/// Checks that none of the caller's fields is allowed in HTTP/1.1 only: an extended CONNECT and its answer can't have
/// them.
pub(crate) fn check_no_connection_field(headers: &Headers) -> Result<(), LocalError> {
    let mut names = headers.iter().filter(|(name, value)| is_connection_field(name.as_bytes(), value));
    match names.next() {
        Some((name, _)) => Err(LocalError::HeaderReserved(excerpt(name.as_bytes()))),
        None => Ok(()),
    }
}

/// The values of a list field, in order.
#[derive(Default)]
pub(crate) struct ListFields<'a> {
    pub(crate) fields: SmallVec<[&'a [u8]; 1]>,
}

impl ListFields<'_> {
    /// Checks that each field is ASCII and has an element, and that all fields together have at most `limit` elements.
    fn check(
        &self,
        limit: u64,
        (not_ascii, no_element): (RequestError, RequestError),
    ) -> Result<(), RequestError> {
        let mut all = 0_u64;
        //= rfc6455#9.1-6
        for value in &self.fields {
            if !value.is_ascii() {
                return Err(not_ascii);
            }
            let items = list::items(value).count();
            //= rfc6455#4.3-3, rfc6455#9.1-1
            if items == 0 {
                return Err(no_element);
            }
            all = all.saturating_add(items as u64);
            if all > limit {
                return Err(HeadError::TooManyItems { limit }.into());
            }
        }
        Ok(())
    }

    /// Copies the fields; each ends with a line feed.
    pub(crate) fn lines(&self) -> SmallVec<[u8; 64]> {
        let mut lines = SmallVec::new();
        for value in &self.fields {
            lines.extend_from_slice(value);
            lines.push(b'\n');
        }
        lines
    }

    /// Stores the items in the request.
    pub(crate) fn keep(&self, list: &mut List, head: &[u8]) {
        if !self.fields.is_empty() {
            *list = List::of_fields(&self.fields, head);
        }
    }
}
