namespace Superfactory.Wan;

/// <summary>A gateway could not be reached, refused this endpoint, or went away.</summary>
public sealed class GatewayException : Exception
{
    /// <summary>With a sentence for people.</summary>
    public GatewayException(string message)
        : base(message)
    {
    }

    /// <summary>With a sentence for people and what caused it.</summary>
    public GatewayException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>With no more than a general sentence.</summary>
    public GatewayException()
        : base("The gateway cannot be used.")
    {
    }
}
