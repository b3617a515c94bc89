//! Memory that the connections of a thread share: for a read, and for the writes after it.

use std::cell::RefCell;

use wsproto::{OutputQueue, ReadBuffer};

/// How many read buffers the pool keeps for the next read.
const BUFFERS: usize = 4;
/// How many blocks the pool keeps for reads within a frame.
const BLOCKS: usize = 2;
/// How many queues the pool keeps for the next write.
const OUTPUTS: usize = 4;
/// How many bytes a connection reads at a time. A kept read buffer has at most twice this memory: the second half holds
/// texts.
pub(crate) const READ_LEN: usize = 64 << 10;
/// The first length of the memory for writing, in bytes; memory that has grown is kept.
const OUTPUT_LEN: usize = 4 << 10;
/// Memory of fewer bytes isn't worth keeping.
const LEAST_LEN: usize = 1 << 10;

struct Pool {
    #[expect(clippy::vec_box, reason = "a connection holds its buffer in a box: this one")]
    buffers: Vec<Box<ReadBuffer>>,
    /// The memory of read buffers that kept only the waiting bytes.
    blocks: Vec<Vec<u8>>,
    #[expect(clippy::vec_box, reason = "a driver holds its queue in a box: this one")]
    outputs: Vec<Box<OutputQueue>>,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { buffers: Vec::new(), blocks: Vec::new(), outputs: Vec::new() }) };
}

/// Uses the pool, if there is one: at the end of a thread its pool is already gone.
fn with<T>(action: impl FnOnce(&mut Pool) -> T) -> Option<T> {
    POOL.try_with(|pool| pool.try_borrow_mut().ok().map(|mut pool| action(&mut pool))).ok().flatten()
}

/// Lends a buffer for the next read.
pub(crate) fn buffer() -> Box<ReadBuffer> {
    with(|pool| pool.buffers.pop())
        .flatten()
        .unwrap_or_else(|| Box::new(ReadBuffer::messages().with_read_len(READ_LEN)))
}

/// Takes an empty buffer back.
pub(crate) fn give_back(mut buffer: Box<ReadBuffer>) {
    if buffer.capacity() > 2 * READ_LEN {
        buffer.shrink_to(READ_LEN);
    }
    if (LEAST_LEN..=2 * READ_LEN).contains(&buffer.capacity()) {
        with(|pool| {
            if pool.buffers.len() < BUFFERS {
                pool.buffers.push(buffer);
            }
        });
    }
}

/// Lends a block for the next read of a connection that has a buffer already.
pub(crate) fn block() -> Vec<u8> {
    with(|pool| pool.blocks.pop()).flatten().unwrap_or_else(|| vec![0; READ_LEN])
}

/// Takes a block back.
pub(crate) fn give_back_block(block: Vec<u8>) {
    if block.len() == READ_LEN {
        with(|pool| {
            if pool.blocks.len() < BLOCKS {
                pool.blocks.push(block);
            }
        });
    }
}

/// Lends a queue for the next write.
#[expect(clippy::unnecessary_box_returns, reason = "a driver holds its queue in a box: this one")]
pub(crate) fn output() -> Box<OutputQueue> {
    with(|pool| pool.outputs.pop())
        .flatten()
        .unwrap_or_else(|| Box::new(OutputQueue::with_memory(Vec::with_capacity(OUTPUT_LEN))))
}

/// Takes an empty queue back for the next write.
pub(crate) fn give_back_output(queue: Box<OutputQueue>) {
    if (LEAST_LEN..=READ_LEN).contains(&queue.capacity()) {
        with(|pool| {
            if pool.outputs.len() < OUTPUTS {
                pool.outputs.push(queue);
            }
        });
    }
}
