/**
 * Serves reflection (v1 and v1alpha) from the compiler's own descriptors. The descriptors that @grpc/reflection builds
 * from proto-loader lack the dependencies of the files, so buf curl cannot use them (grpc-node#3018).
 */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { Server } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { image as encodedImage } from "./gen/descriptor-image.js";

/** Adds the reflection service for everything in the descriptor image. */
export function addReflection(server: Server): void {
  const image = fromBinary(FileDescriptorSetSchema, Buffer.from(encodedImage, "base64"), {
    readUnknownFields: false,
  });
  const fileDescriptorProtos = image.file.map((file) =>
    Buffer.from(toBinary(FileDescriptorProtoSchema, file)),
  );
  // The constructor reads only `fileDescriptorProtos`. The version is pinned, and a test covers it.
  const contents = { format: "Protocol Buffer 3 DescriptorProto", type: {}, fileDescriptorProtos };
  new ReflectionService({ image: contents } as never).addToServer(server);
}
