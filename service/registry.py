"""The use case: models are verified, taken in, activated and given up; the one in force is swapped while we answer.

A bundle is copied into our own folder before it is activated, so that what was verified is what is loaded after a
restart. A bundle that is refused changes nothing: the one in force goes on.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from anyio import to_thread
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from features.catalogue import Catalogue
from model.bundle import load_bundle
from model.manifest import Manifest
from model.scorer import Scorer
from service.ports_records import Bundle, Registry

SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Releases:
    """The models that may be in force.

    Attributes:
        registry: which bundle is active, in the record.
        catalogue: whose signals a bundle may name.
        folder: our own folder of bundles.
        trusted: the folder of public keys that may sign them.
    """

    registry: Registry
    catalogue: Catalogue
    folder: Path
    trusted: Path

    def keys(self) -> Mapping[str, Ed25519PublicKey]:
        """Return the public keys that may sign a model, by file name without its ending."""
        loaded = ((file.stem, load_pem_public_key(file.read_bytes())) for file in sorted(self.trusted.glob("*.pem")))
        return {name: key for name, key in loaded if isinstance(key, Ed25519PublicKey)}

    def verify(self, bundle: Path) -> Manifest:
        """Check a bundle's signature, digests and names, and its golden rows in a child process.

        Raises:
            BundleRefusedError: what is wrong with it.
        """
        return load_bundle(bundle, self.keys(), self.catalogue).manifest

    async def activate(self, bundle: Path, by: str) -> Manifest:
        """Put a bundle in force; the workers take it up within a second.

        Raises:
            BundleRefusedError: it is not sound; the one in force goes on.
            RefusedError: its version is known with other contents.
        """
        manifest = await to_thread.run_sync(self.verify, bundle)
        home = await to_thread.run_sync(self._take_in, bundle, manifest.version)
        digest = sha256((home / SUMS).read_bytes()).hexdigest()
        await self.registry.register(manifest.version, home.name, digest, by=by)
        await self.registry.move(manifest.version, "active", by=by)
        return manifest

    def load(self, bundle: Bundle) -> Scorer:
        """Load a bundle that the registry knows; it is verified anew, as it may have been damaged since.

        Raises:
            BundleRefusedError: it is not sound.
        """
        return load_bundle(self.folder / bundle.path, self.keys(), self.catalogue)

    def _take_in(self, bundle: Path, version: str) -> Path:
        """Copy a verified bundle into our folder, and verify the copy."""
        home = self.folder / version
        if not home.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = self.folder / f".{version}.draft"
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(bundle, draft)
            draft.rename(home)
        self.verify(home)
        return home
