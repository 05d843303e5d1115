//! Items of a long column brought together by bucket, block by block: a counting sort that never leaves the cache.
//!
//! Each block of rows sorts its own items by bucket, keeping their order; a bucket is then the sequence of
//! its segments in all blocks.

/// The items of one block, sorted by bucket.
pub struct Block<T> {
    starts: Vec<u32>, // of each bucket, and the end
    items: Vec<T>,
}

impl<T: Copy + Default> Block<T> {
    /// Sorts the items of a block, `(bucket, item)` each, with fewer than 2³² of them.
    pub fn sort(n_buckets: usize, items: impl Iterator<Item = (usize, T)> + Clone) -> Self {
        let mut starts = vec![0u32; n_buckets + 2];
        items.clone().for_each(|(bucket, _)| starts[bucket + 2] += 1);
        for i in 2..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut sorted = vec![T::default(); starts[n_buckets + 1] as usize];
        for (bucket, item) in items {
            let slot = &mut starts[bucket + 1];
            sorted[*slot as usize] = item;
            *slot += 1;
        }
        Self { starts, items: sorted }
    }

    /// The items of a bucket, in the order in which they came.
    pub fn segment(&self, bucket: usize) -> &[T] {
        &self.items[self.starts[bucket] as usize..self.starts[bucket + 1] as usize]
    }
}

/// Puts the items of a bucket into a buffer, which is emptied first.
pub fn gather<T: Copy + Default>(blocks: &[Block<T>], bucket: usize, buffer: &mut Vec<T>) {
    buffer.clear();
    blocks.iter().for_each(|block| buffer.extend_from_slice(block.segment(bucket)));
}
