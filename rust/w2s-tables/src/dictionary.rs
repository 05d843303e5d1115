//! Dictionaries of column chunks, and pages that hold places in them.

use crate::column::{Cast, Layout};
use crate::error::ColumnError;
use crate::hybrid;
use crate::levels::NULL;
use crate::pieces::Pieces;
use crate::width::Shape;

/// The distinct values of a chunk.
#[derive(Debug)]
pub(crate) enum Dictionary {
    /// Where each text begins and the last ends; the texts.
    Texts(Vec<u32>, Vec<u8>),
    /// Values in Arrow's layout.
    Numbers(Shape, Vec<u8>),
}

const LENGTH_BYTES: usize = 4;

impl Dictionary {
    /// Reads the plain values of a dictionary page.
    pub(crate) fn read(layout: Layout, bytes: &[u8], count: usize) -> Result<Self, ColumnError> {
        match layout {
            Layout::Bits => Err(ColumnError::Dictionary),
            Layout::Texts { .. } => texts(bytes, count).ok_or(ColumnError::Dictionary),
            Layout::Numbers { stored, width, cast } => {
                let shape = Shape { stored, width, cast };
                shape.check(bytes, count).map_err(|_| ColumnError::Dictionary)?;
                let every: Vec<u32> = (0..count as u32).collect();
                let mut data = Vec::with_capacity(count * width);
                shape.gather(bytes, &every, &mut data);
                Ok(Self::Numbers(Shape { stored: width, width, cast: Cast::Same }, data))
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Texts(begins, _) => begins.len() - 1,
            Self::Numbers(shape, data) => data.len() / shape.width,
        }
    }

    /// Appends the picked values of a page of `stored` places.
    pub(crate) fn gather(
        &self,
        bytes: &[u8],
        stored: usize,
        picks: &mut [u32],
        places: &mut Vec<u32>,
        out: &mut Pieces,
    ) -> Result<(), ColumnError> {
        read_places(bytes, stored, places)?;
        // All places are checked, also of rows that are not kept: the others may be damaged too.
        let len = self.len();
        if places.iter().copied().max().is_some_and(|last| last as usize >= len) {
            let value = places.iter().position(|&place| place as usize >= len).unwrap_or_default();
            return Err(ColumnError::NotInDictionary(value));
        }
        for pick in picks.iter_mut() {
            if let Some(&place) = places.get(*pick as usize) {
                *pick = place;
            }
        }
        match self {
            Self::Numbers(shape, data) => shape.gather(data, picks, &mut out.data),
            Self::Texts(begins, data) => {
                for &pick in picks.iter() {
                    match begins.get(pick as usize..).and_then(|from| from.first_chunk::<2>()) {
                        Some(&[begin, end]) if pick != NULL => {
                            out.push_text(&data[begin as usize..end as usize]);
                        }
                        _ => out.push_end(),
                    }
                }
            }
        }
        Ok(())
    }
}

/// Plain texts without their lengths.
fn texts(bytes: &[u8], count: usize) -> Option<Dictionary> {
    if count > bytes.len() / LENGTH_BYTES {
        return None;
    }
    let (mut begins, mut data, mut rest) = (Vec::with_capacity(count + 1), Vec::new(), bytes);
    begins.push(0);
    for _ in 0..count {
        let (length, tail) = rest.split_first_chunk::<LENGTH_BYTES>()?;
        let (text, tail) = tail.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        data.extend_from_slice(text);
        begins.push(u32::try_from(data.len()).ok()?);
        rest = tail;
    }
    Some(Dictionary::Texts(begins, data))
}

fn read_places(bytes: &[u8], count: usize, places: &mut Vec<u32>) -> Result<(), ColumnError> {
    places.clear();
    match bytes.split_first() {
        _ if count == 0 => Ok(()),
        Some((&width, runs)) => hybrid::decode(runs, u32::from(width), count, places),
        None => Err(ColumnError::Runs),
    }
}
