/** The generated messages and stubs that the benchmark uses; nothing else here imports generated code. */
export {
  DispatcherServiceClient,
  DispatchRequest,
  ListenRequest,
  ListenResponse,
  ProduceRequest,
  ProduceResponse,
  SubmitRequest,
} from "../../clients/typescript/dist/gen/ate/dispatcher/v1/dispatcher_service.js";
export { Rejection } from "../../clients/typescript/dist/gen/ate/dispatcher/v1/gather.js";
export { Gap } from "../../clients/typescript/dist/gen/ate/dispatcher/v1/listener.js";
export { Value } from "../../clients/typescript/dist/gen/google/protobuf/struct.js";
