using System.Globalization;
using System.Text.Json;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic.Formats;

namespace Superfactory.Sync.Tests.Arithmetic.Formats;

/// <summary>The golden files, which tests/python/number_formats.py wrote from the document with exact fractions.</summary>
public class GoldenFileTests
{
    [Theory]
    [InlineData(NumberFormat.Fp32)]
    [InlineData(NumberFormat.Bf16)]
    [InlineData(NumberFormat.Int8)]
    [InlineData(NumberFormat.E3m0)]
    public void Golden_numbers_give_the_golden_bytes_and_those_the_golden_numbers(NumberFormat kind)
    {
        var format = NumberFormats.Get(kind);
        var name = kind.ToString().ToLowerInvariant();
        var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", $"{name}.json"))).RootElement;
        golden.GetArrayLength().ShouldBeGreaterThan(10);
        foreach (var entry in golden.EnumerateArray())
        {
            var what = $"{name}, {entry.GetProperty("what")}";
            var values = Singles(entry.GetProperty("values"));
            var encoded = new byte[format.EncodedBytes(values.Length)];
            format.Encode(values, encoded);
            Convert.ToHexStringLower(encoded).ShouldBe(entry.GetProperty("encoded").GetString(), what);
            var decoded = new float[values.Length];
            format.Decode(encoded, decoded);
            Array.ConvertAll(decoded, BitConverter.SingleToUInt32Bits)
                .ShouldBe(Array.ConvertAll(Singles(entry.GetProperty("decoded")), BitConverter.SingleToUInt32Bits), what);
        }
    }

    private static float[] Singles(JsonElement text) =>
        [.. text.GetString()!.Split(' ').Select(bits => BitConverter.UInt32BitsToSingle(uint.Parse(bits, NumberStyles.HexNumber, CultureInfo.InvariantCulture)))];
}
