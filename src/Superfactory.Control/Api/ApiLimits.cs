namespace Superfactory.Control.Api;

/// <summary>How much a caller may send or ask for.</summary>
internal static class ApiLimits
{
    /// <summary>The longest body, in bytes: a report of 1,000 lines at their longest (4 MB) and as much again for the rest.</summary>
    public const int BodyBytesMax = 8 * 1024 * 1024;

    /// <summary>The longest job file, in bytes. A usual one has 500.</summary>
    public const int JobFileBytesMax = 256 * 1024;

    /// <summary>Lines or measurements in a page where the caller does not say.</summary>
    public const int PageDefault = 1_000;

    /// <summary>How long instructions are waited for where the caller does not say, in milliseconds.</summary>
    public const int WaitMillisecondsDefault = 10_000;
}
