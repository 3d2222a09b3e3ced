namespace Superfactory.Canary;

/// <summary>Each member uses one thing that is banned from the core.</summary>
public static class Canary
{
    /// <summary>Ambient time.</summary>
    public static DateTimeOffset Time() => DateTimeOffset.UtcNow;

    /// <summary>Ambient randomness.</summary>
    public static int Randomness() => Random.Shared.Next();

    /// <summary>Ambient identity.</summary>
    public static Guid Identity() => Guid.NewGuid();

    /// <summary>A file.</summary>
    public static bool Reads(string name) => File.Exists(name);

    /// <summary>A socket.</summary>
    public static System.Net.Sockets.Socket Opens() => new(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
}
