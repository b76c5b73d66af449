// A typed client of a shim's task service.
import type * as task from './task-messages.ts';
import type { Protocol } from './protocol.ts';
import type { CallOptions, TtrpcClient } from './ttrpc/client.ts';

/** Request and response of each method we call. */
export interface TaskMethods {
  readonly State: [task.StateRequestInput, task.StateResponse];
  readonly Create: [task.CreateTaskRequestInput, task.CreateTaskResponse];
  readonly Start: [task.StartRequestInput, task.StartResponse];
  readonly Delete: [task.DeleteRequestInput, task.DeleteResponse];
  readonly Pids: [task.PidsRequestInput, task.PidsResponse];
  readonly Kill: [task.KillRequestInput, object];
  readonly Exec: [task.ExecProcessRequestInput, object];
  readonly ResizePty: [task.ResizePtyRequestInput, object];
  readonly CloseIO: [task.CloseIORequestInput, object];
  readonly Update: [task.UpdateTaskRequestInput, object];
  readonly Wait: [task.WaitRequestInput, task.WaitResponse];
  readonly Stats: [task.StatsRequestInput, task.StatsResponse];
  readonly Connect: [task.ConnectRequestInput, task.ConnectResponse];
  readonly Shutdown: [task.ShutdownRequestInput, object];
}

const MESSAGES = 'containerd.task.v2.Task';

export class TaskClient {
  readonly #protocol: Protocol;
  readonly #client: TtrpcClient;
  readonly #service: string;

  /** @param version of the task service, from the shim's start */
  constructor(protocol: Protocol, client: TtrpcClient, version: 2 | 3) {
    this.#protocol = protocol;
    this.#client = client;
    this.#service = `containerd.task.v${version}.Task`;
  }

  /** @throws as `TtrpcClient.call` */
  async call<M extends keyof TaskMethods>(
    method: M,
    request: TaskMethods[M][0],
    options?: CallOptions,
  ): Promise<TaskMethods[M][1]> {
    const names = this.#protocol.method(MESSAGES, method);
    const payload = this.#protocol.encode(names.request, request);
    return this.#protocol.decode(names.response, await this.#client.call(this.#service, method, payload, options));
  }

  get isClosed(): boolean {
    return this.#client.isClosed;
  }

  get closed(): Promise<unknown> {
    return this.#client.closed;
  }

  close(): void {
    this.#client.close();
  }
}
