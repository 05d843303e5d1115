//! The kept texts of a page.

use super::PageError;
use super::hybrid;

/// How the values of a page are held.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// Each text after its length, in four bytes.
    Plain(&'a [u8]),
    /// Places in a dictionary, whose texts are those of a plain page.
    Dictionary {
        /// The width of a place in bits, then runs of places.
        places: &'a [u8],
        /// Where each text of the dictionary begins and the last ends.
        offsets: &'a [i32],
        /// The texts, one after another.
        data: &'a [u8],
    },
}

/// Texts as Arrow holds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// Where each text begins and the last ends: one more than the number of texts.
    pub offsets: Vec<i32>,
    /// The texts, one after another.
    pub data: Vec<u8>,
    /// A bit for each text, lowest first, clear where it is null; `None` if no text is null.
    pub valid: Option<Vec<u8>>,
    /// How many are null.
    pub nulls: usize,
}

/// The texts of the rows that are kept.
///
/// # Arguments
/// * `levels` – runs of one-bit definition levels, 0 for null; none where the column cannot be null
/// * `values` – the values that are not null
/// * `keep` – a flag for each row of the page
///
/// # Errors
/// The page is damaged, or its kept texts exceed 2 GiB.
pub fn kept(levels: Option<&[u8]>, values: Values<'_>, keep: &[bool]) -> Result<Texts, PageError> {
    let present = levels.map(|bytes| hybrid::decode(bytes, 1, keep.len())).transpose()?;
    if present.as_ref().is_some_and(|levels| levels.iter().any(|&level| level > 1)) {
        return Err(PageError::BadRuns);
    }
    let present = present.filter(|levels| levels.contains(&0));
    let mut texts = Collected::new(keep, present.is_some());
    match values {
        Values::Plain(bytes) => plain(bytes, present.as_deref(), keep, &mut texts)?,
        Values::Dictionary { places, offsets, data } => {
            let count = present.as_ref().map_or(keep.len(), |levels| count_ones(levels));
            let places = read_places(places, count)?;
            check_places(&places, offsets, present.as_deref())?;
            looked_up(&places, offsets, data, present.as_deref(), keep, &mut texts)?;
        }
    }
    Ok(texts.found)
}

fn count_ones(levels: &[u32]) -> usize {
    levels.iter().filter(|&&level| level != 0).count()
}

fn read_places(bytes: &[u8], count: usize) -> Result<Vec<u32>, PageError> {
    match bytes.split_first() {
        _ if count == 0 => Ok(Vec::new()),
        Some((&width, runs)) => hybrid::decode(runs, u32::from(width), count),
        None => Err(PageError::BadRuns),
    }
}

/// Refuses places beyond the dictionary, also of rows that are not kept: the other places may be damaged too.
fn check_places(places: &[u32], offsets: &[i32], present: Option<&[u32]>) -> Result<(), PageError> {
    let texts = offsets.len().saturating_sub(1);
    let beyond = |place: u32| place as usize >= texts;
    if places.iter().copied().max().is_none_or(|last| !beyond(last)) {
        return Ok(());
    }
    let value = places.iter().position(|&place| beyond(place)).unwrap_or_default();
    let rows = present.map(|levels| levels.iter().enumerate().filter(|(_, level)| **level != 0));
    let row = rows.and_then(|mut rows| rows.nth(value)).map_or(value, |(row, _)| row);
    Err(PageError::NotInDictionary { row })
}

#[inline(never)] // a separate loop is faster than one inside the choice between two
fn plain(
    bytes: &[u8],
    present: Option<&[u32]>,
    keep: &[bool],
    texts: &mut Collected,
) -> Result<(), PageError> {
    let mut rest = bytes;
    for (row, &wanted) in keep.iter().enumerate() {
        if present.is_some_and(|levels| levels[row] == 0) {
            if wanted {
                texts.push_null();
            }
            continue;
        }
        let (len, tail) = rest.split_first_chunk().ok_or(PageError::BadText { row })?;
        let (text, tail) =
            tail.split_at_checked(u32::from_le_bytes(*len) as usize).ok_or(PageError::BadText { row })?;
        if wanted {
            texts.push(text)?;
        }
        rest = tail;
    }
    Ok(())
}

#[inline(never)]
fn looked_up(
    places: &[u32],
    offsets: &[i32],
    data: &[u8],
    present: Option<&[u32]>,
    keep: &[bool],
    texts: &mut Collected,
) -> Result<(), PageError> {
    let mut places = places.iter();
    for (row, &wanted) in keep.iter().enumerate() {
        if present.is_some_and(|levels| levels[row] == 0) {
            if wanted {
                texts.push_null();
            }
            continue;
        }
        let &place = places.next().ok_or(PageError::BadRuns)?;
        if wanted {
            let bounds = offsets.get(place as usize..).and_then(|from| from.first_chunk::<2>());
            let text = bounds.and_then(|&[begin, end]| data.get(begin as usize..end as usize));
            texts.push(text.ok_or(PageError::NotInDictionary { row })?)?;
        }
    }
    Ok(())
}

struct Collected {
    found: Texts,
}

impl Collected {
    fn new(keep: &[bool], with_nulls: bool) -> Self {
        let count = keep.iter().filter(|&&wanted| wanted).count();
        let mut offsets = Vec::with_capacity(count + 1);
        offsets.push(0);
        let valid = with_nulls.then(|| vec![0; count.div_ceil(8)]);
        Self { found: Texts { offsets, data: Vec::new(), valid, nulls: 0 } }
    }

    #[inline(always)]
    fn push(&mut self, text: &[u8]) -> Result<(), PageError> {
        let place = self.found.offsets.len() - 1;
        if let Some(bits) = &mut self.found.valid {
            bits[place / 8] |= 1 << (place % 8);
        }
        self.found.data.extend_from_slice(text);
        let end = i32::try_from(self.found.data.len()).map_err(|_| PageError::TooLong)?;
        self.found.offsets.push(end);
        Ok(())
    }

    fn push_null(&mut self) {
        self.found.nulls += 1;
        let end = self.found.offsets[self.found.offsets.len() - 1];
        self.found.offsets.push(end);
    }
}
