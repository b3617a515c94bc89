//! The Sec-WebSocket-Extensions field, as an offer and as an answer.

use std::sync::Arc;

use wsproto_extensions::{
    ExtensionConfig, MAX_EXTENSIONS, MAX_PARAMS, Params, conclude, deflate, parse, respond,
};

use crate::{Source, deflate::config};

/// Reads any text as a client's offers and as a server's answer.
pub fn extension_header(data: &[u8]) {
    let mut source = Source::new(data);
    let config = config(&mut source);
    let field = String::from_utf8_lossy(source.rest());
    if let Ok(elements) = parse(&field) {
        assert_written(&elements, &field);
    }
    assert_responded(&config, &field);
    assert_concluded(&config, &field);
}

/// Elements that were read can be written, and are read again as the same. They are the field, except for spaces,
/// quotes and empty elements.
fn assert_written(elements: &[Params<'_>], field: &str) {
    assert!(elements.len() <= MAX_EXTENSIONS, "too many elements");
    assert!(elements.iter().all(|element| element.iter().len() <= MAX_PARAMS), "too many parameters");
    let written: Vec<String> = elements.iter().map(ToString::to_string).collect();
    let written = written.join(",");
    assert_eq!(parse(&written).as_deref(), Ok(elements), "written and read differ");
    assert_eq!(bare(&written), bare(field), "something else was read");
}

/// Returns a field without spaces, quotes and empty elements. A quoted value may have some, too.
fn bare(field: &str) -> String {
    let field = field.replace([' ', '\t', '"', '\\'], "");
    field.split(',').filter(|element| !element.is_empty()).collect::<Vec<_>>().join(",")
}

/// A server with one extension and a server with a list of them respond in the same way, within the configured
/// parameters.
fn assert_responded(config: &deflate::DeflateConfig, field: &str) {
    let configs: [Arc<dyn ExtensionConfig>; 1] = [Arc::new(config.clone())];
    let (one, several) = (config.respond(field), respond(&configs, present(&field)));
    match (one, several) {
        (Ok(Some((answer, agreed))), Ok((answers, pipeline))) => {
            assert_eq!(answers, [answer]);
            assert!(pipeline.names().eq([deflate::NAME]), "the pipeline");
            let (agreed, wanted) = (agreed.params(), config.params);
            assert!(agreed.server_max_window_bits <= wanted.server_max_window_bits, "a larger window");
            assert!(agreed.server_no_context_takeover || !wanted.server_no_context_takeover, "takes over");
            assert!(agreed.client_no_context_takeover || !wanted.client_no_context_takeover, "takes over");
            assert_eq!(parse(&answers[0]).map(|elements| elements.len()), Ok(1), "the answer");
        }
        (Ok(None), Ok((answers, pipeline))) => assert!(answers.is_empty() && pipeline.is_empty()),
        // With several faults, each may report a different one.
        (Err(_), Err(_)) => {}
        (one, several) => panic!("{one:?} but {several:?}"),
    }
}

/// A client with one extension and a client with a list of them reach the same conclusion, within the offer.
fn assert_concluded(config: &deflate::DeflateConfig, field: &str) {
    let configs: [Arc<dyn ExtensionConfig>; 1] = [Arc::new(config.clone())];
    let (one, several) = (config.conclude(field), conclude(&configs, present(&field)));
    match (one, several) {
        (Ok(Some(agreed)), Ok(pipeline)) => {
            assert!(pipeline.names().eq([deflate::NAME]), "the pipeline");
            let (agreed, offered) = (agreed.params(), config.params);
            assert!(agreed.server_max_window_bits <= offered.server_max_window_bits, "a larger window");
            assert!(agreed.client_max_window_bits <= offered.client_max_window_bits, "a larger window");
            assert!(agreed.server_no_context_takeover || !offered.server_no_context_takeover, "takes over");
            assert!(agreed.client_no_context_takeover || !offered.client_no_context_takeover, "takes over");
        }
        (Ok(None), Ok(pipeline)) => assert!(pipeline.is_empty()),
        // With several faults, each may report a different one.
        (Err(_), Err(_)) => {}
        (one, several) => panic!("{one:?} but {several:?}"),
    }
}

/// For a single configuration an empty field means no field.
fn present<'a>(field: &'a &'a str) -> &'a [&'a str] {
    if field.is_empty() { &[] } else { std::slice::from_ref(field) }
}
