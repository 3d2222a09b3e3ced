namespace Superfactory.Sync.Checkpoints;

/// <summary>How the safetensors format names element types, and PyTorch's names for them. Pure.</summary>
internal static class SafetensorsTypes
{
    private static readonly (string Format, string PyTorch, int Bytes)[] _all =
    [
        ("F64", "float64", 8), ("F32", "float32", 4), ("F16", "float16", 2), ("BF16", "bfloat16", 2),
        ("I64", "int64", 8), ("I32", "int32", 4), ("I16", "int16", 2), ("I8", "int8", 1), ("U8", "uint8", 1), ("BOOL", "bool", 1),
        ("F8_E4M3", "float8_e4m3fn", 1), ("F8_E5M2", "float8_e5m2", 1), ("U16", "uint16", 2), ("U32", "uint32", 4), ("U64", "uint64", 8),
    ];

    /// <summary>The format's name of a PyTorch type; null where it has none, as for complex numbers.</summary>
    public static string? OfPyTorch(string type)
    {
        var found = Array.Find(_all, each => string.Equals(each.PyTorch, type, StringComparison.Ordinal));
        return found.Format;
    }

    /// <summary>Bytes of an element; 0 where the format knows no such type.</summary>
    public static int Bytes(string format) => Array.Find(_all, each => string.Equals(each.Format, format, StringComparison.Ordinal)).Bytes;
}
