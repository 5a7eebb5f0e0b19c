"""A seal in the report itself, for PDF viewers: PAdES by pyHanko, which is an extra."""

import io
from pathlib import Path

from privsynth.errors import InputError, IntegrityError

VARIABLE = "PRIVSYNTH_SEAL_PASSPHRASE"


def seal_pdf(data: bytes, certificate: Path, secret: bytes) -> bytes:
    """Return a PDF certified by a PKCS#12 certificate: any later change breaks the seal.

    An invisible signature over the whole file, appended to it. Its time is that of the clock here.
    Raises ``InputError`` without pyHanko or with a certificate that cannot be used, and
    ``IntegrityError`` for a file that is no PDF.
    """
    try:
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.pdf_utils.misc import PdfError
        from pyhanko.sign import fields, signers
        from pyhanko.sign.general import SigningError
    except ImportError:
        raise InputError("a seal in the PDF needs pyHanko: pip install 'privsynth[seal]'") from None
    try:
        signer = signers.SimpleSigner.load_pkcs12_data(certificate.read_bytes(), (), secret)
    except OSError as error:
        raise InputError(f"{certificate}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise InputError(
            f"{certificate}: no PKCS#12 certificate that this passphrase opens"
        ) from None
    how = signers.PdfSignatureMetadata(
        field_name="Seal",
        md_algorithm="sha256",
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        subfilter=fields.SigSeedSubFilter.PADES,
    )
    try:
        sealed = signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), how, signer)
    except SigningError:
        raise InputError("the report is sealed already, or this certificate cannot sign") from None
    except PdfError:
        raise IntegrityError("report.pdf is no PDF that can be sealed") from None
    return bytes(sealed.getvalue())
