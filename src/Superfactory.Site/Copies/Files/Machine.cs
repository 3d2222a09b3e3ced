namespace Superfactory.Site.Copies.Files;

/// <summary>Tells machines apart, so that two sites know when they are on the same one.</summary>
internal static class Machine
{
    private const string BootIdentity = "/proc/sys/kernel/random/boot_id";

    /// <summary>Names the running kernel; empty where it does not say.</summary>
    public static string Name { get; } = File.Exists(BootIdentity) ? File.ReadAllText(BootIdentity).Trim() : string.Empty;
}
