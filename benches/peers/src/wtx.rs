//! wtx: frames collected to messages; it writes each frame at once.

use wtx::{
    rng::ChaCha20,
    stream::{StreamReader, StreamWriter},
    web_socket::{Frame, OpCode, WebSocket, WebSocketBuffer},
};

use crate::{
    Runner,
    transport::{Transport, run},
    work::{Delivered, Task, Work},
};

impl StreamReader for Transport {
    #[inline]
    async fn read(&mut self, bytes: &mut [u8]) -> wtx::Result<usize> {
        Ok(self.take(bytes))
    }
}

impl StreamWriter for Transport {
    #[inline]
    async fn write_all(&mut self, bytes: &[u8]) -> wtx::Result<()> {
        self.put(bytes);
        Ok(())
    }

    #[inline]
    async fn write_all_vectored(&mut self, bytes: &[&[u8]]) -> wtx::Result<()> {
        for bytes in bytes {
            self.put(bytes);
        }
        Ok(())
    }
}

pub(crate) fn start(work: &Work) -> Option<Runner> {
    if work.is_client() { start_as::<true>(work) } else { start_as::<false>(work) }
}

fn start_as<const IS_CLIENT: bool>(work: &Work) -> Option<Runner> {
    let work = *work;
    let transport = Transport::of(&work);
    let keys = ChaCha20::new(rand::random());
    let mut socket =
        WebSocket::<_, _, _, _, IS_CLIENT>::new((), false, keys, transport, WebSocketBuffer::new()).ok()?;
    let opcode = if work.is_text() { OpCode::Text } else { OpCode::Binary };
    let mut payload = work.payload();
    // A client's payload is masked in place.
    let mut masked = Vec::new();
    let round = move |messages: usize, delivered: &mut Delivered| {
        run(async {
            let (mut common, mut reader, mut writer) = socket.parts_mut();
            for _ in 0..messages {
                if work.task == Task::Send {
                    let bytes = if IS_CLIENT {
                        masked.clear();
                        masked.extend_from_slice(&payload);
                        &mut masked
                    } else {
                        &mut payload
                    };
                    writer
                        .write_frame(&mut common, &mut Frame::new_fin(opcode, &mut bytes[..]))
                        .await
                        .unwrap();
                    continue;
                }
                let mut frame = reader.read_frame(&mut common).await.unwrap();
                if work.as_str {
                    delivered.text(frame.text_payload().unwrap());
                } else {
                    delivered.message(frame.payload());
                }
                if work.task == Task::Echo {
                    let mut echo = Frame::new_fin(opcode, &mut frame.payload_mut()[..]);
                    writer.write_frame(&mut common, &mut echo).await.unwrap();
                }
            }
        });
    };
    Some(Runner::new(round))
}
