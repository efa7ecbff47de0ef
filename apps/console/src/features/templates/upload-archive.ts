"use client";
/** `PUT /archives` through the console's proxy. XMLHttpRequest, because fetch cannot say how much has been sent. */

export type UploadedArchive = {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly files: readonly { readonly path: string; readonly sizeBytes: number }[];
};

/** The refusal's own sentence, as the BFF wrote it; empty when there was none. */
export class UploadRefused extends Error {
  override readonly name = "UploadRefused";
  readonly code: string | null;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string | null, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

const PATH = "/api/archives";

/**
 * `onSent` hears the share that has left the browser, 0 to 1.
 * @throws UploadRefused
 */
export function uploadArchive(file: Blob, tenant: string, onSent: (share: number) => void): Promise<UploadedArchive> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", PATH);
    request.responseType = "json";
    request.setRequestHeader("content-type", "application/gzip");
    request.setRequestHeader("x-tenant", tenant);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onSent(event.loaded / event.total);
    };
    request.onload = () => {
      const answer: unknown = request.response;
      if (request.status === 200 && isArchive(answer)) return resolve(answer);
      reject(refusalIn(answer));
    };
    request.onerror = () => reject(new UploadRefused(null, ""));
    request.send(file);
  });
}

function isArchive(answer: unknown): answer is UploadedArchive {
  return typeof answer === "object" && answer !== null && "digest" in answer && "files" in answer;
}

function refusalIn(answer: unknown): UploadRefused {
  const failure = typeof answer === "object" && answer !== null && "failure" in answer ? (answer.failure as Record<string, unknown>) : {};
  const text = (name: string) => (typeof failure[name] === "string" ? failure[name] : null);
  return new UploadRefused(text("code"), text("message") ?? "", (failure["details"] ?? {}) as Readonly<Record<string, unknown>>);
}
