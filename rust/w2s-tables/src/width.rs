//! Values of one width: numbers, times, decimals and byte arrays of a fixed length.

use crate::column::Cast;
use crate::error::ColumnError;
use crate::levels::NULL;

/// The width of values in the file and in Arrow, in bytes, and how one becomes the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) stored: usize,
    pub(crate) width: usize,
    pub(crate) cast: Cast,
}

impl Shape {
    /// Appends the picked values of some values; a null is zero.
    pub(crate) fn gather(self, bytes: &[u8], picks: &[u32], data: &mut Vec<u8>) {
        match (self.cast, self.stored) {
            (Cast::Same, 4) => gather::<4>(bytes, picks, data),
            (Cast::Same, 8) => gather::<8>(bytes, picks, data),
            _ => {
                for &pick in picks {
                    let begin = pick as usize * self.stored;
                    match bytes.get(begin..begin + self.stored) {
                        Some(value) if pick != NULL => self.push(value, data),
                        _ => data.resize(data.len() + self.width, 0),
                    }
                }
            }
        }
    }

    /// Appends a value in Arrow's layout.
    fn push(self, value: &[u8], data: &mut Vec<u8>) {
        let begin = data.len();
        match self.cast {
            Cast::Same => data.extend_from_slice(value),
            Cast::Low => data.extend_from_slice(&value[..self.width]),
            Cast::Signed => data.extend_from_slice(value),
            Cast::Reversed => data.extend(value.iter().rev()),
        }
        if matches!(self.cast, Cast::Signed | Cast::Reversed) {
            let sign = if data.len() > begin && data[data.len() - 1] >= 0x80 { 0xff } else { 0 };
            data.resize(begin + self.width, sign);
        }
    }

    /// Plain values; there must be `count` of them.
    pub(crate) fn check(self, bytes: &[u8], count: usize) -> Result<(), ColumnError> {
        if bytes.len() / self.stored >= count {
            Ok(())
        } else {
            Err(ColumnError::Value(bytes.len() / self.stored))
        }
    }

    /// Values of which all first bytes come first, then all second bytes, and so on.
    pub(crate) fn gather_split(
        self,
        bytes: &[u8],
        count: usize,
        picks: &[u32],
        data: &mut Vec<u8>,
    ) -> Result<(), ColumnError> {
        if bytes.len() != count * self.stored {
            return Err(ColumnError::Size);
        }
        let mut value = vec![0; self.stored];
        for &pick in picks {
            if pick == NULL {
                data.resize(data.len() + self.width, 0);
                continue;
            }
            for (place, byte) in value.iter_mut().enumerate() {
                *byte = bytes[place * count + pick as usize];
            }
            self.push(&value, data);
        }
        Ok(())
    }

    /// Numbers that were held as differences.
    pub(crate) fn gather_numbers(self, numbers: &[i64], picks: &[u32], data: &mut Vec<u8>) {
        for &pick in picks {
            match numbers.get(pick as usize) {
                Some(number) if pick != NULL => self.push(&number.to_le_bytes()[..self.stored], data),
                _ => data.resize(data.len() + self.width, 0),
            }
        }
    }

    /// Appends one value of the file, or a null.
    pub(crate) fn push_text(self, text: Option<&[u8]>, data: &mut Vec<u8>) -> Result<(), ColumnError> {
        match text {
            Some(text) if text.len() == self.stored => self.push(text, data),
            Some(_) => return Err(ColumnError::Size),
            None => data.resize(data.len() + self.width, 0),
        }
        Ok(())
    }
}

#[inline(never)]
fn gather<const N: usize>(bytes: &[u8], picks: &[u32], data: &mut Vec<u8>) {
    let values = bytes.as_chunks::<N>().0;
    let begin = data.len();
    data.resize(begin + picks.len() * N, 0);
    for (slot, &pick) in data[begin..].as_chunks_mut::<N>().0.iter_mut().zip(picks) {
        if let Some(value) = values.get(pick as usize) {
            *slot = *value;
        }
    }
}
