namespace Superfactory.Site.Tests.Support;

/// <summary>Compares megabytes: an assertion about a collection looks at each of its bytes as an object, which takes seconds for what one instruction compares by the dozen.</summary>
internal static class SameBytes
{
    /// <summary>Fails where two contents differ.</summary>
    public static void ShouldBeSameBytes(this byte[] actual, ReadOnlySpan<byte> expected)
    {
        actual.Length.ShouldBe(expected.Length);
        actual.AsSpan().CommonPrefixLength(expected).ShouldBe(expected.Length, "the first place that differs");
    }
}
