package io.github.atedispatcher.example;

import java.nio.file.Files;
import java.nio.file.Path;

/** The repository that this lies in. */
final class Repository {
  private Repository() {}

  /** A file of it, named from its root. */
  static Path file(String name) {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("proto/ate"))) folder = folder.getParent();
    return folder.resolve(name);
  }
}
