//! Bits in bytes, lowest first, as Arrow holds flags and validity.

/// A vector of bits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    len: usize,
}

impl Bits {
    pub(crate) fn push(&mut self, bit: bool) {
        if self.len.is_multiple_of(8) {
            self.bytes.push(0);
        }
        let last = self.bytes.len() - 1;
        self.bytes[last] |= u8::from(bit) << (self.len % 8);
        self.len += 1;
    }

    /// Appends `count` equal bits.
    pub(crate) fn extend(&mut self, bit: bool, count: usize) {
        let end = self.len + count;
        while self.len < end && !self.len.is_multiple_of(8) {
            self.push(bit);
        }
        let whole = (end - self.len) / 8;
        self.bytes.resize(self.bytes.len() + whole, if bit { 0xff } else { 0 });
        self.len += whole * 8;
        while self.len < end {
            self.push(bit);
        }
    }

    pub(crate) fn get(&self, place: usize) -> bool {
        self.bytes[place / 8] >> (place % 8) & 1 == 1
    }

    pub(crate) fn zeros(&self) -> usize {
        self.len - self.bytes.iter().map(|byte| byte.count_ones() as usize).sum::<usize>()
    }

    /// Cuts off and returns the bits from a place on.
    pub(crate) fn split_off(&mut self, place: usize) -> Self {
        let mut rest = Self::default();
        (place..self.len).for_each(|at| rest.push(self.get(at)));
        self.len = place;
        self.bytes.truncate(place.div_ceil(8));
        if !place.is_multiple_of(8)
            && let Some(last) = self.bytes.last_mut()
        {
            *last &= (1 << (place % 8)) - 1;
        }
        rest
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
