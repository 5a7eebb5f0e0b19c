"""The seal in the PDF, where pyHanko is installed: valid, certifying, and broken by any change."""

import datetime
import io
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

from privsynth.errors import InputError, IntegrityError
from privsynth.provenance.attest.sealing import seal_pdf

pytest.importorskip("pyhanko", reason="no pyHanko: pip install 'privsynth[seal]'")
SECRET = b"open sesame"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a PKCS#12 file with a certificate that signs itself."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Institute of Tables")])
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    may = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(5)
        .not_valid_before(now - day).not_valid_after(now + day)
        .add_extension(may, critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("seal") / "seal.p12"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"seal", key, made, None, BestAvailableEncryption(SECRET)
        )
    )
    return path


@pytest.fixture(scope="module")
def blank() -> bytes:
    import pikepdf

    made, out = pikepdf.new(), io.BytesIO()
    made.add_blank_page()
    made.save(out)
    return out.getvalue()


def state_of(data: bytes, certificate: Path) -> Any:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    own = SimpleSigner.load_pkcs12_data(certificate.read_bytes(), (), SECRET)
    (one,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
    return validate_pdf_signature(one, ValidationContext(trust_roots=[own.signing_cert]))


def test_a_seal_covers_the_whole_file_and_any_change_breaks_it(
    blank: bytes, certificate: Path
) -> None:
    sealed = seal_pdf(blank, certificate, SECRET)
    assert sealed.startswith(blank)
    found = state_of(sealed, certificate)
    assert found.bottom_line and found.docmdp_ok and found.coverage.name == "ENTIRE_FILE"
    at = blank.index(b"MediaBox") + len(b"MediaBox [ 0 0 6")
    altered = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
    assert not state_of(altered, certificate).bottom_line


def test_what_cannot_be_sealed_is_refused(blank: bytes, certificate: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no PKCS#12 certificate that this passphrase opens"):
        seal_pdf(blank, certificate, b"wrong")
    with pytest.raises(InputError, match="cannot be read"):
        seal_pdf(blank, tmp_path / "none.p12", SECRET)
    with pytest.raises(IntegrityError, match="no PDF that can be sealed"):
        seal_pdf(b"%PDF-1.7 stand-in", certificate, SECRET)
    with pytest.raises(InputError, match="sealed already"):
        seal_pdf(seal_pdf(blank, certificate, SECRET), certificate, SECRET)
