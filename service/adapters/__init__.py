"""Adapters: what stands behind the ports. Only `service.wiring` puts them in their place."""
