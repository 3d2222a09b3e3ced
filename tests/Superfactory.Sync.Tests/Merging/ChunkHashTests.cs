using Superfactory.Sync.Arithmetic;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

public sealed class ChunkHashTests
{
    [Fact]
    public void Hash_is_the_same_whatever_the_width_of_vectors_at_every_length()
    {
        var random = new SeededRandom(11);
        byte[] bytes = [.. Enumerable.Range(0, 1400).Select(_ => (byte)random.Next())];
        for (var length = 0; length <= bytes.Length; length++)
        {
            var expected = ChunkHash.Of(bytes.AsSpan(0, length), VectorWidth.Scalar);

            ChunkHash.Of(bytes.AsSpan(0, length), VectorWidth.Bits256).ShouldBe(expected, $"{length} bytes");
            ChunkHash.Of(bytes.AsSpan(0, length), VectorWidth.Bits512).ShouldBe(expected, $"{length} bytes");
        }
    }

    [Fact]
    public void Every_bit_of_a_chunk_counts()
    {
        var bytes = new byte[700];
        var seen = new HashSet<ulong> { ChunkHash.Of(bytes) };
        for (var bit = 0; bit < 8 * bytes.Length; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            seen.Add(ChunkHash.Of(bytes)).ShouldBeTrue($"bit {bit}");
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        seen.Add(ChunkHash.Of(bytes.AsSpan(0, 699))).ShouldBeTrue();
    }

    [Fact]
    public void Hashes_of_this_protocol_version_never_change()
    {
        byte[] bytes = [.. Enumerable.Range(0, 1000).Select(index => (byte)(index * 7))];

        ChunkHash.Of(bytes.AsSpan(0, 0)).ShouldBe(10137043280516430838UL);
        ChunkHash.Of(bytes.AsSpan(0, 100)).ShouldBe(5177813339174155355UL);
        ChunkHash.Of(bytes).ShouldBe(15529502888120327105UL);
    }
}
