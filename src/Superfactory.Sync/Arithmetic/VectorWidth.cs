using System.Runtime.Intrinsics;

namespace Superfactory.Sync.Arithmetic;

/// <summary>The widest vectors that a sweep may use; its value is the number of bits.</summary>
internal enum VectorWidth
{
    /// <summary>One number at a time: the definition that every other width must match bit for bit.</summary>
    Scalar = 0,

    /// <summary>Four single-precision numbers at a time.</summary>
    Bits128 = 128,

    /// <summary>Eight single-precision numbers at a time.</summary>
    Bits256 = 256,

    /// <summary>Sixteen single-precision numbers at a time.</summary>
    Bits512 = 512,
}

/// <summary>Which widths this process has.</summary>
internal static class VectorWidths
{
    /// <summary>The widest that the processor and the runtime's settings allow.</summary>
    public static VectorWidth Widest =>
        Vector512.IsHardwareAccelerated ? VectorWidth.Bits512
        : Vector256.IsHardwareAccelerated ? VectorWidth.Bits256
        : Vector128.IsHardwareAccelerated ? VectorWidth.Bits128
        : VectorWidth.Scalar;
}
