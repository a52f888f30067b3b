"""The addresses about kept files whose bodies and answers are JSON."""

from __future__ import annotations

from ledger.errors import RecordError
from ledger.messages import Message
from server.api.routes import Call, Route, Services
from server.files.documents import FileOffered, FilesAsked, KeptFilesAnswer, OpenedFilesAnswer, UploadAnswer
from server.files.opening import Files


def _files(services: Services) -> Files:
    if services.files is None:
        says = Message("this server keeps no files")
        raise RecordError(
            "API-MISSING", says, hint=Message("the office states a folder in [files] of the configuration")
        )
    return services.files


def _listed(services: Services, call: Call) -> KeptFilesAnswer:
    return _files(services).listed(call.by, call.path["order"])


def _begin(services: Services, call: Call) -> UploadAnswer:
    return _files(services).begin(call.by, call.path["order"], call.body)


def _upload(services: Services, call: Call) -> UploadAnswer:
    return _files(services).upload(call.by, call.path["order"], call.path["object"])


def _open(services: Services, call: Call) -> OpenedFilesAnswer:
    return _files(services).open(call.by, call.path["order"], call.body)


_BODIES = ("API-MISSING", "API-LARGE", "API-MEDIA", "BUSY")

FILE_ROUTES = (
    Route(
        "GET", "/v1/orders/{order}/files", "keptFiles", "Of which entries of an order files are kept", KeptFilesAnswer,
        _listed, fresh="never", codes=("API-MISSING", "BUSY"), guests=True,
    ),
    Route(
        "POST", "/v1/orders/{order}/files", "beginUpload", "Begin to send a file that an entry states", UploadAnswer,
        _begin, body=FileOffered, fresh="never", codes=(*_BODIES, "FILES-FULL", "FILES-DIFFER"), once=False,
        guests=True,
    ),
    Route(
        "GET", "/v1/orders/{order}/files/{object}", "upload", "How much of a file is here", UploadAnswer, _upload,
        fresh="never", codes=("API-MISSING", "FILES-DIFFER"), guests=True,
    ),
    Route(
        "POST", "/v1/orders/{order}/opened-files", "openFiles", "Open the kept files of an entry", OpenedFilesAnswer,
        _open, body=FilesAsked, fresh="never", codes=(*_BODIES, "CONFLICT", "CTX-CHAIN"), once=False,
    ),
)  # fmt: skip
