"""Is it alive, is it ready, what does it count, and with which keys are receipts verified."""

from http import HTTPStatus

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from service.api.access import anybody
from service.telemetry import READY, metrics

router = APIRouter(tags=["operations"], dependencies=[Depends(anybody)])


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """Say that the process answers; it asks nothing else."""
    return {"status": "alive"}


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """Ask every dependency; 503 names those that cannot be used. A demo model is said to be one."""
    parts = await request.app.state.service.readiness()
    for part, state in parts.items():
        READY.labels(part).set(float(state.ok))
    fine = all(state.ok for state in parts.values())
    body = {
        "ready": fine,
        "parts": {name: {"ok": state.ok, "detail": state.detail} for name, state in parts.items()},
    }
    status = HTTPStatus.OK if fine else HTTPStatus.SERVICE_UNAVAILABLE
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json")


@router.get("/metrics")
async def prometheus() -> Response:
    """Return the metrics for Prometheus."""
    return Response(metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/.well-known/jwks.json")
async def jwks(request: Request) -> Response:
    """Return the public keys with which a receipt is verified offline."""
    body = msgspec.json.encode(request.app.state.service.receipts.jwks())
    return Response(body, media_type="application/jwk-set+json", headers={"Cache-Control": "public, max-age=300"})
