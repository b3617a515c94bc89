use super::*;

#[test]
fn chunks_are_written_with_their_size() {
    let mut out = Vec::new();
    let writer = BodyWriter::Chunked;
    let writer = writer.write(&RejectData::new(b"").unfinished(), &mut out).unwrap().unwrap();
    assert_eq!(out, b"", "an empty chunk would be the last");
    let writer = writer.write(&RejectData::new(&[b'a'; 26]).unfinished(), &mut out).unwrap().unwrap();
    assert_eq!(out, b"1a\r\naaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
    out.clear();
    assert_eq!(writer.write(&RejectData::new(b"end"), &mut out), Ok(None));
    assert_eq!(out, b"3\r\nend\r\n0\r\n\r\n");
}
