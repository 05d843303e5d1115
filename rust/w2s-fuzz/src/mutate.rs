//! Mutations of byte strings, drawn from a fixed random state.

/// Bytes at which parsers change their minds: limits of signed and unsigned bytes, of varints and of text.
const SPECIAL: [u8; 12] = [0x00, 0x01, 0x02, 0x03, 0x0f, 0x10, 0x7f, 0x80, 0xff, b' ', b'/', b'9'];
const LONGEST: usize = 4096;
const MOST_EDITS: usize = 6;

/// Makes inputs from a pool of good ones.
pub struct Mutator {
    seeds: usize,
    pool: Vec<Vec<u8>>,
    most: usize,
    state: u64,
}

impl Mutator {
    /// Starts from some seeds; the pool grows by at most `extra` inputs.
    pub fn new(seeds: Vec<Vec<u8>>, extra: usize) -> Self {
        assert!(!seeds.is_empty(), "a target needs a seed");
        Self { seeds: seeds.len(), most: seeds.len() + extra, pool: seeds, state: 0 }
    }

    /// Adds an input to the pool, in the place of an older one where it is full; seeds stay.
    pub fn keep(&mut self, bytes: Vec<u8>) {
        if self.pool.len() < self.most {
            self.pool.push(bytes);
        } else {
            let place = self.seeds + self.below(self.most - self.seeds);
            self.pool[place] = bytes;
        }
    }

    /// The next input.
    pub fn next(&mut self) -> Vec<u8> {
        let chosen = self.below(self.pool.len());
        let mut bytes = self.pool[chosen].clone();
        for _ in 0..1 + self.below(MOST_EDITS) {
            self.edit(&mut bytes);
        }
        bytes.truncate(LONGEST);
        bytes
    }

    fn edit(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len() + 1);
        let end = bytes.len().min(at + 1 + self.below(8));
        match self.below(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            1 if at < bytes.len() => bytes[at] = self.byte(),
            2 => bytes.insert(at, self.byte()),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let part = bytes[at..end].to_vec();
                let to = self.below(bytes.len() + 1);
                bytes.splice(to..to, part);
            }
            5 => {
                let other = self.below(self.pool.len());
                let from = self.below(self.pool[other].len() + 1);
                let part = self.pool[other][from..].iter().take(16).copied();
                bytes.splice(at..end, part);
            }
            6 => bytes.truncate(at),
            _ if at < bytes.len() => {
                bytes[at] = bytes[at].wrapping_add(if self.below(2) == 0 { 1 } else { 255 })
            }
            _ => bytes.push(self.byte()),
        }
    }

    fn byte(&mut self) -> u8 {
        if self.below(2) == 0 { SPECIAL[self.below(SPECIAL.len())] } else { self.random().to_le_bytes()[0] }
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.random() % limit as u64) as usize
    }

    /// SplitMix64.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let bits = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_the_same_in_every_run_and_differ_from_each_other() {
        let run = || {
            let mut mutator = Mutator::new(vec![b"startpos".to_vec(), b"e2e4".to_vec()], 4);
            (0..1000).map(|_| mutator.next()).collect::<Vec<_>>()
        };
        let mut inputs = run();
        assert_eq!(inputs, run());
        inputs.sort();
        inputs.dedup();
        assert!(inputs.len() > 700, "{}", inputs.len());
    }

    #[test]
    fn seeds_stay_in_a_full_pool() {
        let mut mutator = Mutator::new(vec![b"seed".to_vec()], 2);
        (0..100u8).for_each(|byte| mutator.keep(vec![byte]));
        assert_eq!((mutator.pool.len(), mutator.pool[0].as_slice()), (3, &b"seed"[..]));
    }
}
