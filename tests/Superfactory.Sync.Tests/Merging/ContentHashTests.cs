using System.Text;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Merging;

public sealed class ContentHashTests
{
    /// <summary>Published values of XXH64 with seed 0.</summary>
    [Theory]
    [InlineData("", 0xEF46DB3751D8E999)]
    [InlineData("a", 0xD24EC4F1A98C6E5B)]
    [InlineData("abc", 0x44BC2CF5AD770999)]
    public void Hash_of_a_known_text_is_the_published_one(string text, ulong expected) =>
        ContentHash.Of(Encoding.ASCII.GetBytes(text)).ShouldBe(expected);

    [Fact]
    public void Hash_does_not_depend_on_how_the_bytes_are_cut()
    {
        byte[] bytes = [.. Enumerable.Range(0, 257).Select(index => (byte)(index * 7))];
        for (var length = 0; length <= bytes.Length; length++)
        {
            for (var cut = 0; cut <= length; cut += 13)
            {
                var hash = new ContentHash();
                hash.Append(bytes.AsSpan(0, cut));
                hash.Append(bytes.AsSpan(cut, length - cut));
                hash.Finish().ShouldBe(ContentHash.Of(bytes.AsSpan(0, length)), $"length {length}, cut at {cut}");
            }
        }
    }

    [Fact]
    public void Hash_changes_with_every_bit()
    {
        var bytes = new byte[70];
        var seen = new HashSet<ulong> { ContentHash.Of(bytes) };
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            seen.Add(ContentHash.Of(bytes)).ShouldBeTrue($"bit {bit}");
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }
}
