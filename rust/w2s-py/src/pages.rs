//! Pages of Parquet columns of texts.

use crate::errors::{raised, shape_error};
use crate::scores::values;
use numpy::ndarray::Array2;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1};
use pyo3::prelude::*;
use w2s_core::pages::{self, PageError, Values};

/// Kind (data, data2, dictionary, other), bytes of the header, of the page in the file, and decompressed, values,
/// encoding, bytes of both levels, whether it is compressed, checksum, encoding of levels.
type Fields = (&'static str, usize, usize, usize, usize, i32, usize, usize, bool, Option<u32>, i32);
type Bytes<'py> = Bound<'py, PyArray1<u8>>;
/// Offsets, texts, bits of those that are not null, nulls.
type Texts<'py> = (Bound<'py, PyArray1<i32>>, Bytes<'py>, Option<Bytes<'py>>, usize);

/// The header at a place of some bytes; `None` where they end too early.
#[pyfunction]
pub fn page_header(bytes: PyReadonlyArray1<'_, u8>, at: usize) -> PyResult<Option<Fields>> {
    let found = match pages::header(values(&bytes)?.get(at..).unwrap_or_default()) {
        Err(PageError::HeaderCutOff) => return Ok(None),
        found => found.map_err(raised)?,
    };
    Ok(Some((
        found.kind.word(),
        found.header_bytes,
        found.compressed_bytes,
        found.bytes,
        found.values,
        found.encoding,
        found.definition_bytes,
        found.repetition_bytes,
        found.is_compressed,
        found.checksum,
        found.level_encoding,
    )))
}

/// The texts of a page whose rows are kept.
#[pyfunction]
#[pyo3(signature = (levels, page, keep, dictionary = None))]
pub fn kept_texts<'py>(
    py: Python<'py>,
    levels: Option<PyReadonlyArray1<'py, u8>>,
    page: PyReadonlyArray1<'py, u8>,
    keep: PyReadonlyArray1<'py, bool>,
    dictionary: Option<(PyReadonlyArray1<'py, i32>, PyReadonlyArray1<'py, u8>)>,
) -> PyResult<Texts<'py>> {
    let levels = levels.as_ref().map(values).transpose()?;
    let (page, keep) = (values(&page)?, values(&keep)?);
    let held = match &dictionary {
        None => Values::Plain(page),
        Some((offsets, data)) => {
            Values::Dictionary { places: page, offsets: values(offsets)?, data: values(data)? }
        }
    };
    let texts = py.detach(|| pages::kept(levels, held, keep)).map_err(raised)?;
    Ok((
        texts.offsets.into_pyarray(py),
        texts.data.into_pyarray(py),
        texts.valid.map(|bits| bits.into_pyarray(py)),
        texts.nulls,
    ))
}

type Table<'py> = Bound<'py, PyArray2<i64>>;

/// Rows and bytes of each row group; type, codec, encodings, begin, end, bytes, values and dictionary of each chunk.
#[pyfunction]
pub fn footer<'py>(
    py: Python<'py>,
    bytes: PyReadonlyArray1<'py, u8>,
    size: i64,
) -> PyResult<(Table<'py>, Table<'py>)> {
    let bytes = values(&bytes)?;
    let found = py.detach(|| pages::footer(bytes, size)).map_err(raised)?;
    let groups = found.groups.iter().flat_map(|group| [group.rows, group.bytes]).collect();
    let chunks = found.chunks.iter().flat_map(|chunk| {
        [
            chunk.physical_type,
            chunk.codec,
            chunk.encodings,
            chunk.begin,
            chunk.end,
            chunk.bytes,
            chunk.values,
            i64::from(chunk.has_dictionary),
        ]
    });
    let groups = Array2::from_shape_vec((found.groups.len(), 2), groups).map_err(shape_error)?;
    let chunks = Array2::from_shape_vec((found.chunks.len(), 8), chunks.collect()).map_err(shape_error)?;
    Ok((groups.into_pyarray(py), chunks.into_pyarray(py)))
}

/// Bytes that a raw LZ4 block decompresses to.
#[pyfunction]
pub fn lz4_length(bytes: PyReadonlyArray1<'_, u8>) -> PyResult<Option<usize>> {
    Ok(pages::lz4_length(values(&bytes)?))
}
