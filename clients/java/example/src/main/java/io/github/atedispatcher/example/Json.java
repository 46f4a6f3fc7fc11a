package io.github.atedispatcher.example;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON values of the contract as those of Java: null, Boolean, Double, String, List and Map. */
public final class Json {
  /** Beyond this an integer would arrive as another one, since every number of the contract is a double. */
  private static final long MAX_EXACT = 1L << 53;

  private Json() {}

  /**
   * Makes a message of a value; any Number will do.
   *
   * @throws IllegalArgumentException if JSON cannot say it
   */
  public static Value of(Object value) {
    if (value == null) return Value.newBuilder().setNullValue(NullValue.NULL_VALUE).build();
    if (value instanceof Boolean flag) return Value.newBuilder().setBoolValue(flag).build();
    if (value instanceof String text) return Value.newBuilder().setStringValue(text).build();
    if (value instanceof Number number) return Value.newBuilder().setNumberValue(exact(number)).build();
    if (value instanceof List<?> items) return Value.newBuilder().setListValue(list(items)).build();
    if (value instanceof Map<?, ?> fields) return Value.newBuilder().setStructValue(struct(fields)).build();
    throw new IllegalArgumentException("JSON has no " + value.getClass().getName());
  }

  /** As {@link #of}, for positional arguments. */
  public static ListValue list(List<?> items) {
    ListValue.Builder list = ListValue.newBuilder();
    for (Object item : items) list.addValues(of(item));
    return list.build();
  }

  /** As {@link #of}, for keyword arguments; every key must be a String. */
  public static Struct struct(Map<?, ?> fields) {
    Struct.Builder struct = Struct.newBuilder();
    fields.forEach(
        (key, value) -> {
          if (!(key instanceof String name)) throw new IllegalArgumentException("JSON has no key " + key);
          struct.putFields(name, of(value));
        });
    return struct.build();
  }

  /** Makes a value of a message. */
  public static Object from(Value value) {
    return switch (value.getKindCase()) {
      case BOOL_VALUE -> value.getBoolValue();
      case NUMBER_VALUE -> value.getNumberValue();
      case STRING_VALUE -> value.getStringValue();
      case LIST_VALUE -> from(value.getListValue());
      case STRUCT_VALUE -> from(value.getStructValue());
      case NULL_VALUE, KIND_NOT_SET -> null;
    };
  }

  /** Makes a list of a message. */
  public static List<Object> from(ListValue list) {
    List<Object> items = new ArrayList<>();
    for (Value item : list.getValuesList()) items.add(from(item));
    return items;
  }

  /** Makes a map of a message, in its order. */
  public static Map<String, Object> from(Struct struct) {
    Map<String, Object> fields = new LinkedHashMap<>();
    struct.getFieldsMap().forEach((key, value) -> fields.put(key, from(value)));
    return fields;
  }

  private static double exact(Number number) {
    double value = number.doubleValue();
    boolean isFloating = number instanceof Double || number instanceof Float;
    if (!Double.isFinite(value) || (!isFloating && Math.abs(value) > MAX_EXACT)) {
      throw new IllegalArgumentException("JSON has no exact " + number);
    }
    return value;
  }
}
