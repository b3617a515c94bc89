//! The pages whose examples run as tests; nothing of it is built into a library. `tests/third_party` has docs/extensions.md.

/// Makes an item of each page, for rustdoc to take its examples from.
macro_rules! pages {
    ($($name:ident: $path:literal,)+) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!(concat!("../../../", $path))]
            pub struct $name;
        )+
    };
}

pages! {
    Readme: "README.md",
    Axum: "docs/axum.md",
    Blocking: "docs/blocking.md",
    Compression: "docs/compression.md",
    FromTungstenite: "docs/from-tungstenite.md",
    Hyper: "docs/hyper.md",
    Tokio: "docs/tokio.md",
}
