using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Superfactory.Sync.Checkpoints;

namespace Superfactory.Sync.Tests.Checkpoints;

/// <summary>The safetensors header, byte for byte.</summary>
public sealed class SafetensorsHeaderTests
{
    private const string Golden =
        """{"__metadata__":{"format":"pt"},"layer.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"größe":{"dtype":"BF16","shape":[],"data_offsets":[24,26]}}""";

    [Fact]
    public void A_header_is_the_length_the_JSON_and_spaces_up_to_a_multiple_of_eight()
    {
        var header = SafetensorsHeader.Write(SafetensorsHeader.Lay([("layer.weight", "F32", [2, 3]), ("größe", "BF16", [])]));

        var json = Encoding.UTF8.GetBytes(Golden);
        var padded = (json.Length + 7) / 8 * 8;
        BitConverter.ToUInt64(header, 0).ShouldBe((ulong)padded);
        header[8..(8 + json.Length)].ShouldBe(json);
        header[(8 + json.Length)..].ShouldBe(Enumerable.Repeat((byte)' ', padded - json.Length));
    }

    [Fact]
    public void What_is_written_is_read_back_whatever_the_shapes()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<(byte, byte, bool)[]>(), shapes =>
        {
            var entries = SafetensorsHeader.Lay(shapes.Select((shape, index) =>
                ($"t{index}", shape.Item3 ? "F32" : "U8", System.Collections.Immutable.ImmutableArray.Create<long>(shape.Item1, shape.Item2))));
            var header = SafetensorsHeader.Write(entries);
            var length = header.Length + (entries.IsEmpty ? 0 : entries[^1].End);
            SafetensorsHeader.Measure(header, length, "f").ShouldBe((header.Length, null));
            var read = SafetensorsHeader.Read(header, length, "f").Value.ShouldNotBeNull();
            read.DataStart.ShouldBe(header.Length);
            read.Entries.Select(entry => (entry.Name, entry.DataType, string.Join(',', entry.Shape), entry.End - entry.Start)).Order()
                .ShouldBe(entries.Select(entry => (entry.Name, entry.DataType, string.Join(',', entry.Shape), entry.End - entry.Start)).Order());
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 12, "cut short")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "belong to none", 1)]
    [InlineData("""{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}""", 8, "unknown type 'F33'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "'a' [3] does not match its bytes 0 to 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}""", 8, "the shape [-1]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "does not match its bytes 4 to 12")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,8]}}""", 8, "which is none")]
    [InlineData("""{"a":{"dtype":"F32"}}""", 0, "header is none")]
    [InlineData("[]", 0, "header is none")]
    public void A_header_that_does_not_fit_its_file_is_refused_by_what_is_wrong(string json, int dataBytes, string expected, int beyond = 0)
    {
        var header = (byte[])[.. BitConverter.GetBytes((ulong)json.Length), .. Encoding.UTF8.GetBytes(json)];
        var bytes = dataBytes + beyond - (expected == "cut short" ? 8 : 0);

        SafetensorsHeader.Read(header, header.Length + bytes, "part").Problems.ShouldHaveSingleItem().Message.ShouldContain(expected);
    }

    [Fact]
    public void A_length_that_does_not_fit_the_file_is_refused()
    {
        SafetensorsHeader.Measure([1, 2, 3], 3, "part").Problem.ShouldNotBeNull().Message.ShouldContain("too few");
        SafetensorsHeader.Measure([255, 255, 255, 255, 255, 255, 255, 255], 100, "part").Problem.ShouldNotBeNull().Message.ShouldContain("does not fit");
    }
}
