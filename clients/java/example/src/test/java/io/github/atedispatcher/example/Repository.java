package io.github.atedispatcher.example;

import java.nio.file.Files;
import java.nio.file.Path;

/** The repository that contains this module. */
final class Repository {
  private Repository() {}

  /** Returns the path of a file that is named from the root. */
  static Path file(String name) {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("proto/ate"))) folder = folder.getParent();
    return folder.resolve(name);
  }
}
